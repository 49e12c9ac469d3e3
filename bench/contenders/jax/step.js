/**
 * A training step of CycleGAN in jax-js, in the order of the paper: both generators, then both
 * discriminators. Each part is compiled as a whole; as in our engine, the backward pass of each direction and
 * each identity follows immediately.
 */
import { forward } from './layers.js';

/** @typedef {import('./layers.js').Jax} Jax */
/** @typedef {import('./layers.js').Value} Value */
/** @typedef {import('./layers.js').Weights} Weights */
/** @typedef {import('../../types.js').TrainingConfig} Config */

/** A network that is being trained. */
class Learner {
  #jax;
  #update;
  #config;
  /** @type {Weights} */
  weights;
  /** Adam's averages. @type {Weights} */
  #means;
  /** @type {Weights} */
  #squares;
  #steps = 0;

  /**
   * @param {Jax} jax
   * @param {string} name such as `G_A`, the prefix of its tensors
   * @param {import('../../types.js').Tensor[]} tensors of all networks
   * @param {ReturnType<typeof adam>} update
   * @param {Config} config
   */
  constructor(jax, name, tensors, update, config) {
    const { numpy: np } = jax;
    const own = tensors.filter((tensor) => tensor.name.startsWith(`${name}.`));
    const key = (/** @type {string} */ whole) => whole.slice(name.length + 1);
    const zeros = () =>
      Object.fromEntries(own.map((tensor) => [key(tensor.name), np.zeros(tensor.shape)]));
    this.#jax = jax;
    this.#update = update;
    this.#config = config;
    this.weights = Object.fromEntries(
      own.map(({ name, shape, data }) => {
        return [key(name), np.array(new Float32Array(data)).reshape(shape)];
      }),
    );
    this.#means = zeros();
    this.#squares = zeros();
  }

  /** The weights for a function that consumes them. @returns {Weights} */
  get lent() {
    return this.#jax.tree.ref(this.weights);
  }

  /** @param {Weights} gradients */
  update(gradients) {
    this.#steps += 1;
    // Computed here, as PyTorch does: a graphics card's powers are not exact enough to be taken from 1.
    const { beta1, beta2 } = this.#config;
    const [mean, square] = [beta1, beta2].map((beta) =>
      this.#jax.numpy.array(1 - beta ** this.#steps),
    );
    [this.weights, this.#means, this.#squares] = /** @type {[Weights, Weights, Weights]} */ (
      this.#update(this.weights, gradients, this.#means, this.#squares, mean, square)
    );
  }
}

/** Adam, as PyTorch computes it. @param {Jax} jax @param {Config} config */
function adam({ jit, numpy: np, tree }, { lr, beta1, beta2, eps }) {
  const average =
    (/** @type {number} */ beta) => /** @type {(old: Value, now: Value) => Value} */ (old, now) =>
      old.mul(beta).add(now.mul(1 - beta));
  return jit(
    /** @type {(...given: [Weights, Weights, Weights, Weights, Value, Value]) => Weights[]} */
    (weights, gradients, means, squares, first, second) => {
      const mean = tree.map(average(beta1), means, tree.ref(gradients));
      const square = tree.map(average(beta2), squares, tree.map(np.square, gradients));
      const root = np.sqrt(second);
      const updated = tree.map(
        /** @type {(weight: Value, mean: Value, square: Value) => Value} */
        (weight, mean, square) => {
          const spread = np.sqrt(square).div(root.ref).add(eps);
          return weight.sub(mean.div(first.ref).div(spread).mul(lr));
        },
        weights,
        tree.ref(mean),
        tree.ref(square),
      );
      first.dispose();
      root.dispose();
      return [updated, mean, square];
    },
  );
}

/** The compiled parts of a step. @param {Jax} jax @param {Setup} setup @param {Convolve} convolve */
function compile(jax, { generator, discriminator }, convolve) {
  const { jit, numpy: np, valueAndGrad } = jax;
  /** @type {(weights: Weights, picture: Value) => Value} */
  const made = (weights, picture) => forward(jax, convolve, generator, weights, picture);
  /** @type {(weights: Weights, picture: Value) => Value} */
  const judged = (weights, picture) => forward(jax, convolve, discriminator, weights, picture);
  /** Least squares. @type {(answers: Value, target: number) => Value} */
  const gan = (answers, target) => np.mean(np.square(answers.sub(target)));
  /** @type {(made: Value, real: Value) => Value} */
  const l1 = (made, real) => np.mean(np.abs(made.sub(real)));

  return {
    /** The losses of one translation, with the gradients of both generators. */
    direction: jit(
      /** @type {(...given: [Weights, Weights, Weights, Value, Value]) => any} */
      (there, back, judge, real, weight) =>
        valueAndGrad(
          /** @type {(there: Weights, back: Weights) => [Value, any]} */
          (there, back) => {
            const translated = made(there, real.ref);
            const adversarial = gan(judged(judge, translated.ref), 1);
            const cycle = l1(made(back, translated.ref), real).mul(weight);
            return [adversarial.ref.add(cycle.ref), { translated, adversarial, cycle }];
          },
          { argnums: [0, 1], hasAux: true },
        )(there, back),
    ),
    /** A generator should not change a picture that already has the target's look. */
    identity: jit(
      /** @type {(...given: [Weights, Value, Value]) => any} */
      (weights, real, weight) =>
        valueAndGrad(
          /** @type {(weights: Weights) => Value} */
          (weights) => l1(made(weights, real.ref), real).mul(weight),
        )(weights),
    ),
    /** A discriminator learns from a picture and a translation. */
    judge: jit(
      /** @type {(...given: [Weights, Value, Value]) => any} */
      (weights, real, translated) =>
        valueAndGrad(
          /** @type {(weights: Weights) => Value} */
          (weights) => {
            const right = gan(judged(jax.tree.ref(weights), real), 1);
            return right.add(gan(judged(weights, translated), 0)).mul(0.5);
          },
        )(weights),
    ),
    /** The sum of two gradients. */
    sum: jit(
      /** @type {(a: Weights, b: Weights) => Weights} */
      (a, b) => jax.tree.map((/** @type {Value} */ a, /** @type {Value} */ b) => a.add(b), a, b),
    ),
  };
}

/** @typedef {import('../../types.js').TrainingSetup} Setup */
/** @typedef {import('./convolution.js').Convolve} Convolve */

export class CycleGan {
  #jax;
  #config;
  #parts;
  /** @type {Learner} */
  #gA;
  /** @type {Learner} */
  #gB;
  /** @type {Learner} */
  #dA;
  /** @type {Learner} */
  #dB;

  /**
   * @param {Jax} jax
   * @param {Setup} setup
   * @param {import('../../types.js').Tensor[]} tensors
   * @param {Convolve} convolve
   */
  constructor(jax, setup, tensors, convolve) {
    const update = adam(jax, setup.config);
    const learner = (/** @type {string} */ name) =>
      new Learner(jax, name, tensors, update, setup.config);
    this.#jax = jax;
    this.#config = setup.config;
    this.#parts = compile(jax, setup, convolve);
    [this.#gA, this.#gB, this.#dA, this.#dB] = ['G_A', 'G_B', 'D_A', 'D_B'].map(learner);
  }

  /**
   * @param {Value} a @param {Value} b
   * @returns {Record<string, Value>} the losses by PyTorch's names
   */
  step(a, b) {
    const { direction, identity, judge, sum } = this.#parts;
    const { lambda_A, lambda_B, lambda_identity } = this.#config;
    const [gA, gB, dA, dB] = [this.#gA, this.#gB, this.#dA, this.#dB];
    const number = (/** @type {number} */ value) => this.#jax.numpy.array(value);
    const [[total, there], [forA, forB]] = direction(
      gA.lent,
      gB.lent,
      dA.lent,
      a.ref,
      number(lambda_A),
    );
    const [[other, back], [backB, backA]] = direction(
      gB.lent,
      gA.lent,
      dB.lent,
      b.ref,
      number(lambda_B),
    );
    this.#jax.tree.dispose([total, other]);
    let [sumA, sumB] = [sum(forA, backA), sum(forB, backB)];
    /** @type {Record<string, Value>} */
    const losses = {
      G_A: there.adversarial,
      cycle_A: there.cycle,
      G_B: back.adversarial,
      cycle_B: back.cycle,
    };
    if (lambda_identity > 0) {
      const [idtA, ofA] = identity(gA.lent, b.ref, number(lambda_B * lambda_identity));
      const [idtB, ofB] = identity(gB.lent, a.ref, number(lambda_A * lambda_identity));
      [sumA, sumB] = [sum(sumA, ofA), sum(sumB, ofB)];
      Object.assign(losses, { idt_A: idtA, idt_B: idtB });
    }
    gA.update(sumA);
    gB.update(sumB);
    const [lossA, learnedA] = judge(dA.lent, b, there.translated);
    const [lossB, learnedB] = judge(dB.lent, a, back.translated);
    dA.update(learnedA);
    dB.update(learnedB);
    return Object.assign(losses, { D_A: lossA, D_B: lossB });
  }
}
