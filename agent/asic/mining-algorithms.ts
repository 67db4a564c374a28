/**
 * Machines that hash something else than Bitcoin's SHA-256d, by the maker's letters in the model name. Their hashrates and
 * shares are of another kind, whatever unit the firmware writes beside them.
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

/** The algorithm of a model, where it isn't SHA-256. @param model as the machine calls itself */
export const otherAlgorithmOf = (model: string | undefined): string | undefined =>
  MODELS.find(([name]) => name.test(model ?? ''))?.[1]

/** An algorithm's name in one form; undefined for SHA-256, by which every machine is measured that says nothing else. */
export function otherAlgorithm(name: string | undefined): string | undefined {
  const plain = name?.toLowerCase().trim()
  return plain && !/^sha-?256d?$/.test(plain) ? plain.slice(0, 32) : undefined
}
