/**
 * A training step of CycleGAN in TF.js, in the order of the paper: both generators, then both discriminators.
 * As in our engine, the backward pass of each direction and each identity follows immediately, so that the
 * activations of two passes are in memory at once instead of six.
 */
import { forward, imported } from './layers.js';

/** @typedef {import('./layers.js').Tf} Tf */
/** @typedef {import('@tensorflow/tfjs-core').Tensor4D} Tensor4D */
/** @typedef {import('@tensorflow/tfjs-core').Scalar} Scalar */
/** @typedef {import('@tensorflow/tfjs-core').Variable} Variable */
/** @typedef {Record<string, import('@tensorflow/tfjs-core').Tensor>} Gradients */

/** A network that is being trained. */
class Learner {
  #tf;
  #layers;
  #optimiser;
  #weights;

  /**
   * @param {Tf} tf
   * @param {import('../../types.js').Layer[]} layers
   * @param {string} name such as `G_A`, the prefix of its tensors
   * @param {import('../../types.js').Tensor[]} tensors of all networks
   * @param {import('../../types.js').TrainingConfig} config
   */
  constructor(tf, layers, name, tensors, config) {
    this.#tf = tf;
    this.#layers = layers;
    this.#optimiser = tf.train.adam(config.lr, config.beta1, config.beta2, config.eps);
    const own = tensors.filter((tensor) => tensor.name.startsWith(`${name}.`));
    /** @type {Map<string, Variable>} */
    this.#weights = new Map(
      own.map((tensor) => {
        const value = imported(tf, tensor);
        return [tensor.name.slice(name.length + 1), tf.variable(value, true, tensor.name)];
      }),
    );
  }

  get variables() {
    return [...this.#weights.values()];
  }

  /** @param {Tensor4D} picture */
  forward(picture) {
    const weight = (/** @type {string} */ name) => {
      const found = this.#weights.get(name);
      if (!found) throw new Error(`there is no ${name}`);
      return found;
    };
    return forward(this.#tf, this.#layers, weight, picture, true);
  }

  /** @param {Gradients} gradients of all variables */
  update(gradients) {
    this.#optimiser.applyGradients(
      this.variables.map(({ name }) => ({ name, tensor: gradients[name] })),
    );
  }
}

export class CycleGan {
  #tf;
  #config;
  #gA;
  #gB;
  #dA;
  #dB;

  /**
   * @param {Tf} tf
   * @param {import('../../types.js').TrainingSetup} setup
   * @param {import('../../types.js').Tensor[]} tensors
   */
  constructor(tf, { generator, discriminator, config }, tensors) {
    this.#tf = tf;
    this.#config = config;
    this.#gA = new Learner(tf, generator, 'G_A', tensors, config);
    this.#gB = new Learner(tf, generator, 'G_B', tensors, config);
    this.#dA = new Learner(tf, discriminator, 'D_A', tensors, config);
    this.#dB = new Learner(tf, discriminator, 'D_B', tensors, config);
  }

  /**
   * @param {Tensor4D} a
   * @param {Tensor4D} b
   * @returns {Record<string, Scalar>} the losses by PyTorch's names, for the caller to dispose
   */
  step(a, b) {
    const tf = this.#tf;
    const { lambda_A, lambda_B, lambda_identity } = this.#config;
    const [gA, gB, dA, dB] = [this.#gA, this.#gB, this.#dA, this.#dB];
    return tf.tidy(() => {
      /** @type {Gradients} */
      const sums = {};
      const there = this.#direction(gA, gB, dA, a, lambda_A, sums);
      const back = this.#direction(gB, gA, dB, b, lambda_B, sums);
      /** @type {Record<string, Scalar>} */
      const losses = {
        G_A: there.adversarial,
        cycle_A: there.cycle,
        G_B: back.adversarial,
        cycle_B: back.cycle,
      };
      if (lambda_identity > 0) {
        losses.idt_A = this.#identity(gA, b, lambda_B * lambda_identity, sums);
        losses.idt_B = this.#identity(gB, a, lambda_A * lambda_identity, sums);
      }
      gA.update(sums);
      gB.update(sums);
      tf.dispose(sums);
      losses.D_A = this.#judge(dA, b, there.translated);
      losses.D_B = this.#judge(dB, a, back.translated);
      tf.dispose([there.translated, back.translated]);
      return losses;
    });
  }

  /**
   * The losses of one translation, with their backward pass.
   * @param {Learner} there
   * @param {Learner} back
   * @param {Learner} judge
   * @param {Tensor4D} real
   * @param {number} weight of the cycle
   * @param {Gradients} sums
   */
  #direction(there, back, judge, real, weight, sums) {
    const tf = this.#tf;
    /** @type {{ translated: Tensor4D, adversarial: Scalar, cycle: Scalar } | undefined} */
    let found;
    const variables = [...there.variables, ...back.variables];
    const { value, grads } = tf.variableGrads(() => {
      const translated = tf.keep(there.forward(real));
      const adversarial = tf.keep(this.#gan(judge.forward(translated), 1));
      const cycle = tf.keep(this.#l1(back.forward(translated), real, weight));
      found = { translated, adversarial, cycle };
      return tf.add(adversarial, cycle);
    }, variables);
    value.dispose();
    this.#add(sums, grads);
    if (!found) throw new Error('the function was not called');
    return found;
  }

  /**
   * A generator should not change a picture that already has the target's look.
   * @param {Learner} generator
   * @param {Tensor4D} real
   * @param {number} weight
   * @param {Gradients} sums
   */
  #identity(generator, real, weight, sums) {
    const loss = () => this.#l1(generator.forward(real), real, weight);
    const { value, grads } = this.#tf.variableGrads(loss, generator.variables);
    this.#add(sums, grads);
    return value;
  }

  /**
   * A discriminator learns from a picture and a translation.
   * @param {Learner} judge
   * @param {Tensor4D} real
   * @param {Tensor4D} translated
   */
  #judge(judge, real, translated) {
    const tf = this.#tf;
    const { value, grads } = tf.variableGrads(() => {
      const errors = tf.add(
        this.#gan(judge.forward(real), 1),
        this.#gan(judge.forward(translated), 0),
      );
      return /** @type {Scalar} */ (tf.mul(errors, 0.5));
    }, judge.variables);
    judge.update(grads);
    tf.dispose(grads);
    return value;
  }

  /** Least squares. @param {Tensor4D} answers @param {number} target @returns {Scalar} */
  #gan(answers, target) {
    const tf = this.#tf;
    return tf.mean(tf.square(tf.sub(answers, target)));
  }

  /** @param {Tensor4D} made @param {Tensor4D} real @param {number} weight @returns {Scalar} */
  #l1(made, real, weight) {
    const tf = this.#tf;
    return tf.mul(tf.mean(tf.abs(tf.sub(made, real))), weight);
  }

  /** @param {Gradients} sums @param {Gradients} gradients */
  #add(sums, gradients) {
    const tf = this.#tf;
    for (const [name, gradient] of Object.entries(gradients)) {
      const before = sums[name];
      sums[name] = before ? tf.add(before, gradient) : gradient;
      if (before) tf.dispose([before, gradient]);
    }
  }
}
