/** What the service worker knows of the site, and of the browser that TypeScript's DOM library leaves out. */

/** One version of the site. Paths are from the page's folder, the page itself is the empty one. */
export interface Site {
  /** Of all its digests. */
  version: string;
  /** Stored when it is installed: digests as in `integrity`. */
  first: Record<string, string>;
  /** Stored once it was used. */
  used: Record<string, string>;
}

export interface ExtendableEvent extends Event {
  waitUntil(task: Promise<unknown>): void;
}
export interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
export interface ExtendableMessageEvent extends ExtendableEvent {
  readonly data: unknown;
  readonly source: { postMessage(message: unknown): void } | null;
}

export interface ServiceWorkerScope {
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options?: { includeUncontrolled?: boolean }): Promise<{ readonly url: string }[]>;
  };
  readonly registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
  addEventListener(type: 'message', listener: (event: ExtendableMessageEvent) => void): void;
}

declare global {
  /** Inserted by the build. */
  const SITE: Site;
}
