/** The page's worker, which also tells when its graphics card had work: from each submission to its end. */
const channel = new BroadcastChannel('waits');
const { submit } = GPUQueue.prototype;
const now = () => performance.timeOrigin + performance.now();
GPUQueue.prototype.submit = function (commands) {
  const begun = now();
  submit.call(this, commands);
  this.onSubmittedWorkDone().then(() => channel.postMessage([begun, now()]));
};
Object.assign(globalThis, { WASM_BYTES: 0 }); // which the build inserts
import('../www/engine-worker.js');
