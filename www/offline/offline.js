/** The page's side: registers the service worker, takes what other apps pass on, and offers to install. */
import { takeArrivals } from './arrivals.js';
import { offerToInstall } from './install.js';
import { register } from './updates.js';

/** @param {(files: File[]) => void} onFiles */
export function setUpOffline(onFiles) {
  offerToInstall();
  register();
  takeArrivals(onFiles);
}
