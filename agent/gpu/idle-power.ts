/**
 * What boards draw without work, W, from recorded outputs of idle machines. A model that is not here is not guessed from a similar
 * one, and never from the lowest reading: a board may have been asleep or capped then.
 */
const IDLE_W: readonly (readonly [model: RegExp, idleW: number])[] = [
  // nvidia-smi 590.48, idle at P0: 69.85 W, and 71.15 W under MIG (nvidia_gpu_exporter, internal/integration/testdata)
  [/\bH100\b.*\bHBM3\b/, 70],
  // nvidia-smi of an idle H200 SXM: 78.3 W
  [/\bH200\b/, 78],
  // nvidia-smi -q -x of an A100 under MIG without a process: 67.03 W (telegraf, plugins/inputs/nvidia_smi/testdata/a100-sxm4.xml)
  [/\bA100-SXM4-80GB\b/, 67],
  // amd-smi monitor -ptumv of eight MI300X at 0 % and 113 MHz: 171 to 178 W (ROCm/amdsmi, CHANGELOG.md)
  [/\bMI300X\b/, 175],
]

/** How much one more idle reading moves the mean of a board's idle power. */
const MEAN_WEIGHT = 0.1

/** The idle power of each board: the model's, else the mean of its own readings at which everything on it was known to be idle. */
export class IdlePower {
  readonly #measured = new Map<string, number>()

  /**
   * @param board name of the board in this session
   * @param idle true: nothing on the board computes now; false: something does; undefined: not known
   * @returns W; undefined where the model is not known and was not seen idle
   */
  of(
    board: string,
    model: string | undefined,
    now: { powerW?: number | undefined; idle: boolean | undefined },
  ): number | undefined {
    const before = this.#measured.get(board)
    if (now.idle && now.powerW !== undefined)
      this.#measured.set(
        board,
        before === undefined ? now.powerW : before + MEAN_WEIGHT * (now.powerW - before),
      )
    return idleWOf(model) ?? this.#measured.get(board)
  }
}

/** What a model draws without work, W; undefined where no source tells. */
export const idleWOf = (model: string | undefined): number | undefined =>
  model === undefined ? undefined : IDLE_W.find(([pattern]) => pattern.test(model))?.[1]
