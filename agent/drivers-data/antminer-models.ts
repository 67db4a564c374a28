/** Published ratings of a stock machine at its normal mode, 25 C: W divided by TH/s, each with +-5 % or more of its own. */
export interface AntminerModel {
  efficiencyJPerTh: number
  /** hashboards that it leaves the factory with; absent where makes of one name differ */
  boards?: number
}

const air = (efficiencyJPerTh: number): AntminerModel => ({ efficiencyJPerTh, boards: 3 })
const hydro = (efficiencyJPerTh: number): AntminerModel => ({ efficiencyJPerTh })

/** By the `Type` that the machine gives, without "Antminer" and in lower case. */
const MODELS: Readonly<Record<string, AntminerModel>> = {
  s9: air(98), // 13.5 TH/s, 1323 W
  s17: air(45), // 53 TH/s, 2385 W
  's17 pro': air(39.5), // 53 TH/s, 2094 W
  t17: air(55), // 40 TH/s, 2200 W
  s19: air(34.2), // 95 TH/s, 3250 W
  's19 pro': air(29.5), // 110 TH/s, 3250 W
  's19j pro': air(29.5), // 104 TH/s, 3068 W
  's19j pro+': air(27.5), // 122 TH/s, 3355 W
  's19k pro': air(23), // 120 TH/s, 2760 W
  's19 xp': air(21.5), // 140 TH/s, 3010 W
  t19: air(37.5), // 84 TH/s, 3150 W
  s21: air(17.5), // 200 TH/s, 3500 W
  's21+': air(16.5), // 216 TH/s, 3564 W
  's21 pro': air(15), // 234 TH/s, 3510 W
  's21 xp': air(13.5), // 270 TH/s, 3645 W
  t21: air(19), // 190 TH/s, 3610 W
  's19 pro+ hyd.': hydro(27.5), // 198 TH/s, 5445 W
  's19 xp hyd.': hydro(20.8), // 255 TH/s, 5304 W
  's21 hyd.': hydro(16), // 335 TH/s, 5360 W
  's21+ hyd.': hydro(15), // 319 TH/s, 4785 W
  's21 xp hyd.': hydro(12), // 473 TH/s, 5676 W
}

/**
 * @param type as in the reply of `version`: `Antminer S19 Pro`
 * @returns undefined where the model isn't known, or isn't stock ("Antminer S19 XP (Vnish 1.2.0)"): a tuned machine has
 *   another efficiency
 */
export function antminerModel(type: string | undefined): AntminerModel | undefined {
  const name = type
    ?.toLowerCase()
    .replace(/^antminer\s+/, '')
    .replace(/\s*\(\d+(\.\d+)?\s*th?(\/s)?\)$/, '')
    .replace(/\bhyd(ro)?\.?$/, 'hyd.')
    .trim()
  return name !== undefined && Object.hasOwn(MODELS, name) ? MODELS[name] : undefined
}
