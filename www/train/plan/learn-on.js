/**
 * What is proposed to a run that is over for learning on: half as many steps again, and the rate that it would have by
 * now, had it been planned so long, as the engine has it (`src/train/learn_on.rs`).
 *
 * @param {{ config: string, step: number, photos: Record<import('../gather/domains.js').Domain, unknown[]> }} record
 * @param {number} [steps] more; without it they are proposed too
 * @returns {import('./types.js').LearnOn}
 */
export function proposalOf({ config, step, photos }, steps = Math.max(1, Math.round(step / 2))) {
  const { lr, lr_flat: flat, lr_decay: decay, lr_unit: unit } = JSON.parse(config);
  if (decay === 0) return { steps, lr };
  const pass = unit === 'epochs' ? Math.max(photos.A.length, photos.B.length) : 1;
  const fallsFrom = Math.min(step, flat * pass);
  return { steps, lr: Number(((lr * steps) / (step + steps - fallsFrom)).toPrecision(3)) };
}
