/**
 * Machines that do not mine Bitcoin's SHA-256d, by the letters in the model name. Their hashrates and shares cannot be compared
 * with SHA-256, although the firmware uses the same units.
 */
const MODELS: readonly (readonly [RegExp, string])[] = [
  [/\bantminer l\d/i, 'scrypt'],
  [/\bantminer z\d/i, 'equihash'],
  [/\bantminer d\d/i, 'x11'],
  [/\bantminer e\d/i, 'ethash'],
  [/\bantminer ks\d/i, 'kheavyhash'],
  [/\bantminer k\d/i, 'eaglesong'],
  [/\bantminer x\d/i, 'randomx'],
  [/\bantminer a3\b/i, 'blake2b'],
  [/\bantminer b\d/i, 'tensority'],
  [/\bantminer dr\d/i, 'blake256r14'],
  [/\bantminer hs\d/i, 'handshake'],
]

/** @param model as the machine names it @returns the model's algorithm; undefined for SHA-256 and unknown models */
export const otherAlgorithmOf = (model: string | undefined): string | undefined =>
  MODELS.find(([name]) => name.test(model ?? ''))?.[1]

/** @param name as the firmware writes it @returns it in lower case; undefined for SHA-256 and where there is no name */
export function otherAlgorithm(name: string | undefined): string | undefined {
  const plain = name?.toLowerCase().trim()
  return plain && !/^sha-?256d?$/.test(plain) ? plain.slice(0, 32) : undefined
}
