/**
 * Published ratings of machines that tell their power themselves as long as their supply does: W divided by TH/s at the maker's
 * normal mode, 25 C, each with +-5 % or more of its own. For the Antminers, which mostly don't, see antminer-models.
 */

/** MicroBT sells a generation in classes of efficiency, whatever the cooling (air, hydro, immersion) and the size. */
const WHATSMINER_CLASSES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // M50 114 TH/s 3306 W, M50S 126 TH/s 3276 W, M50S+ 136 TH/s 3264 W, M50S++ 150 TH/s 3300 W
  M5: { '': 29, S: 26, 'S+': 24, 'S++': 22 },
  // M60 172 TH/s 3422 W, M60S 186 TH/s 3441 W, M66S+ 314 TH/s 5338 W, M66S++ 356 TH/s 5518 W
  M6: { '': 19.9, S: 18.5, 'S+': 17, 'S++': 15.5 },
}
/** Before, each model had its own. */
const WHATSMINERS: Readonly<Record<string, number>> = {
  M20S: 49.4, // 68 TH/s, 3360 W
  M21S: 60, // 56 TH/s, 3360 W
  M30S: 38, // 86 TH/s, 3268 W
  'M30S+': 34, // 100 TH/s, 3400 W
  'M30S++': 31, // 112 TH/s, 3472 W
  M31S: 46, // 70 TH/s, 3220 W
  'M31S+': 42, // 80 TH/s, 3360 W
}

const AVALONS: Readonly<Record<string, number>> = {
  '1066': 65, // 50 TH/s, 3250 W
  '1126PRO': 50.3, // 68 TH/s, 3420 W
  '1166PRO': 42, // 81 TH/s, 3400 W
  '1246': 38, // 90 TH/s, 3420 W
  '1346': 30, // 110 TH/s, 3300 W
  '1366': 25, // 130 TH/s, 3250 W
  '1466': 21.5, // 150 TH/s, 3230 W
  '1566': 18.5, // 185 TH/s, 3420 W
}

const SEALMINERS: Readonly<Record<string, number>> = {
  A2: 16.5, // 226 TH/s, 3730 W
}

/**
 * @param model as a driver names it: `Whatsminer M30S++_VH60`, `AvalonMiner 1246-83`, `SealMiner A2`
 * @returns J/TH; undefined where no rating is known
 */
export function ratedJPerTh(model: string | undefined): number | undefined {
  const [, make, name = ''] =
    /^(Whatsminer|AvalonMiner|SealMiner) (M\d+S?\+{0,2}(?=_|$)|\d{4}(?:pro)?|A\d)/i.exec(model ?? '') ?? []
  switch (make?.toLowerCase()) {
    case 'whatsminer':
      return WHATSMINERS[name] ?? WHATSMINER_CLASSES[name.slice(0, 2)]?.[name.slice(3)]
    case 'avalonminer':
      return AVALONS[name.toUpperCase()]
    case 'sealminer':
      return SEALMINERS[name]
    default:
      return undefined
  }
}
