/** The camera as a source of pictures. The browser asks the person; every refusal has a code. */
import { CodedError, failureOf } from '../../failure.js';
import { VideoSource } from './video.js';

/** @import { Heard, Source } from './source.js' */

/** What is asked for: more than any size needs, and what every camera has. */
const WANTED = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

/** Names of cameras that look away from the person. */
const AWAY = /back|rear|environment|world|后置/i;

/**
 * @param {string | null} id of one of {@link cameras}; null: the one that looks away from a phone's user
 * @param {Heard} heard
 * @param {AbortSignal} signal
 * @returns {Promise<Source & { id: string }>}
 * @throws {CodedError} `camera-…`
 */
export async function openCamera(id, heard, signal) {
  const stream = await streamOf(id);
  const [track] = stream.getVideoTracks();
  const stop = () => {
    for (const one of stream.getTracks()) one.stop();
  };
  try {
    signal.throwIfAborted();
    const video = document.createElement('video');
    video.srcObject = stream;
    track.addEventListener('ended', () =>
      heard.onProblem(new CodedError('camera-gone', `${track.label} ended`)),
    );
    for (const event of ['mute', 'unmute'])
      track.addEventListener(event, () => heard.onMute(track.muted));
    const { facingMode, deviceId = '' } = track.getSettings();
    const mirrored = facingMode ? facingMode === 'user' : !AWAY.test(track.label);
    const onStop = () => {
      stop();
      video.srcObject = null;
    };
    const source = await VideoSource.open(video, { kind: 'camera', mirrored, onStop }, signal);
    heard.onMute(track.muted);
    return Object.assign(source, { id: deviceId });
  } catch (error) {
    stop();
    if (signal.aborted) throw error;
    throw new CodedError('camera-failed', failureOf(error).detail);
  }
}

/**
 * All cameras. Browsers give their names once one of them may be used.
 * @returns {Promise<{ id: string, name: string }[]>}
 */
export async function cameras() {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return all
    .filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '')
    .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
}

/** @param {string | null} id */
async function streamOf(id) {
  const { mediaDevices } = navigator;
  if (!mediaDevices?.getUserMedia) {
    const code = isSecureContext ? 'camera-unsupported' : 'camera-insecure';
    throw new CodedError(code, `no camera at ${location.protocol}`);
  }
  if (isForbidden()) throw new CodedError('camera-forbidden', 'by permissions policy');
  const which = id ? { deviceId: { exact: id } } : { facingMode: { ideal: 'environment' } };
  try {
    return await mediaDevices.getUserMedia({ audio: false, video: { ...WANTED, ...which } });
  } catch (error) {
    throw new CodedError(refusal(error), failureOf(error).detail);
  }
}

/** Whether the page that shows this one in a frame keeps the camera from it; browsers that do not say: false. */
function isForbidden() {
  const policy = /** @type {{ featurePolicy?: { allowsFeature: (name: string) => boolean } }} */ (
    /** @type {unknown} */ (document)
  ).featurePolicy;
  return policy?.allowsFeature('camera') === false;
}

/**
 * Why there is no camera.
 * @param {unknown} error from `getUserMedia`
 * @returns {string} a code
 */
export function refusal(error) {
  const { name, message } = error instanceof Error ? error : new Error();
  if (name === 'SecurityError') return 'camera-forbidden';
  if (name === 'NotAllowedError')
    return /system/i.test(message) ? 'camera-system' : 'camera-refused';
  if (name === 'NotFoundError') return 'camera-none';
  if (name === 'NotReadableError' || name === 'AbortError') return 'camera-busy';
  if (name === 'OverconstrainedError') return 'camera-changed';
  return 'camera-failed';
}
