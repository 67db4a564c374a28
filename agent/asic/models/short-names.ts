/**
 * Bitmain's machines as price lists, labels and some firmware name them: `Bitmain E9`, `L7 9500`, `S21 Pro`. Alone stand only names that no
 * other maker has: an S11 is Innosilicon's too, an E9 Ebang's, a KA3 and a D9 hash something else elsewhere. Every other L hashes scrypt as well
 * (Fluminer's L1 to L3).
 */
const MAKER = /^(?:bitmain\s+(?:antminer\s*)?|antminer\s*)/i
const ALONE = /^(?=l\d{1,2}\b|[st](?:9|1[579]|2\d)(?!\d))/i

/** @param model as a machine or a person names it @returns it with `Antminer ` where it is one of Bitmain's; else as it is */
export const withMaker = (model: string): string =>
  MAKER.test(model) ? model.replace(MAKER, 'Antminer ') : model.replace(ALONE, 'Antminer ')
