import { nearest } from './nearest.ts'
import { air, type Rating, type Ratings, type Source } from './rating.ts'

/** Bitaxe by board version where there is one; the chips of Bitaxe and Nerd miners are Bitmain's. */
export const BITAXES: Ratings = {
  'BITAXE MAX': air(0.286, 12, 'esp-miner'),
  'BITAXE ULTRA': air(0.5, 12, 'mining-catalog'),
  'BITAXE SUPRA': air(0.65, 12, 'mining-catalog'),
  'BITAXE SUPRA HEX': air(3.75, 90, 'esp-miner'),
  'BITAXE GAMMA': air(1.07, 17.8, 'mining-catalog'),
  'BITAXE GAMMA DUO': air(1.63, 25.8, 'mining-catalog'),
  'BITAXE GAMMA TURBO': air(2.15, 43, 'mining-catalog'),
  // TH/s: default frequency, small cores and chips of ESP-Miner 2.15 (device_config.h)
  'BITAXE GAMMA HEX': air(8.45, 126.7, 'by-generation'),
  'BITAXE NAJA DUO': air(4.4, 48.4, 'by-generation'),
  'BITAXE GT': air(2.15, 43, 'mining-catalog'),
  'BITAXE HEX': air(3, 70, 'mining-catalog'),
  'BITAXE TOUCH': air(1.6, 22, 'catalogues'),
  // other makers' boards with ESP-Miner
  LV06: air(0.5, 13, 'catalogues'),
  LV07: air(1, 25, 'catalogues'),
  LV08: air(4.5, 120, 'catalogues'),
  'ZYBER 8S': air(6.4, 140, 'catalogues'),
  'ZYBER 8G': air(10, 180, 'catalogues'),
}

/** Rounded to 10 GH/s and 0.1 W, as on the makers' pages. @param chip TH/s and W of one chip */
const chips = (count: number, [ths, watts]: readonly [number, number], source: Source): Rating =>
  air(Math.round(count * ths * 100) / 100, Math.round(count * watts * 10) / 10, source)

const BM1366 = [0.5, 12] as const
const BM1368 = [0.65, 12] as const
const BM1370 = [1.2, 18] as const
/** 350 MHz and 6860 small cores (main/boards/q1373.cpp, components/bm1397/bm1373.cpp); 11 J/TH as the S23, whose chip it is. */
const BM1373 = [2.4, 26.4] as const

/** By `deviceModel`; the Greek letter of the gamma boards is left out. */
export const NERDS: Ratings = {
  NERDAXE: chips(1, BM1366, 'esp-miner-nerd'),
  NERDAXEULTRA: chips(1, BM1366, 'esp-miner-nerd'),
  NERDAXEGAMMA: chips(1, BM1370, 'esp-miner-nerd'),
  QAXE: chips(4, BM1366, 'esp-miner-nerd'),
  'QAXE+': chips(4, BM1368, 'esp-miner-nerd'),
  'NERDQAXE+': chips(4, BM1368, 'esp-miner-nerd'),
  'NERDQAXE++': chips(4, BM1370, 'esp-miner-nerd'),
  NERDQX: chips(4, BM1370, 'esp-miner-nerd'),
  NERDHAXE: chips(6, BM1370, 'esp-miner-nerd'),
  'NERDOCTAXE+': chips(8, BM1368, 'esp-miner-nerd'),
  NERDOCTAXE: chips(8, BM1370, 'esp-miner-nerd'),
  NERDEKO: chips(12, BM1370, 'esp-miner-nerd'),
  Q1370: chips(8, BM1370, 'esp-miner-nerd'),
  Q1373: chips(4, BM1373, 'by-generation'),
}

/** Whether a `deviceModel` stands for itself; ESP-Miner's own boards are named without their maker: `Gamma`. */
export const isNerd = (device: string): boolean => /axe|nerd|^q13\d\d/i.test(device)

/** @param text as the driver names it: `Bitaxe Gamma 601`, `Bitaxe Supra Hex 701`, `NerdQAxe++`, `NerdOCTAXE-γ` */
export function espMinerRating(text: string): Rating | undefined {
  const name = text
    .toUpperCase()
    .replace(/\s+\d{3,4}$/, '')
    .replace(/^(?:BITAXE |LUCKY (?:MINER )?)(?=LV\d|ZYBER)/, '')
    .replace(/(GAMMA|SUPRA|NAJA)(?=DUO|TURBO|HEX)/, '$1 ')
  return isNerd(name) && !name.startsWith('BITAXE') ? nerdRating(name) : bitaxeRating(name)
}

function bitaxeRating(name: string): Rating | undefined {
  const rows = Object.keys(BITAXES).map((each) => ({ name: each }))
  const found = nearest(name, [
    rows.filter((row) => row.name === name),
    rows.filter((row) => name.startsWith(row.name)).sort((a, b) => b.name.length - a.name.length),
  ])
  return found && BITAXES[found.name]
}

/** A board that is not in the table has the rating of the most similar one. */
function nerdRating(text: string): Rating | undefined {
  const name = text.replace(/[-_\sΓγ]/g, '')
  const rows = Object.keys(NERDS).map((each) => ({ name: each }))
  const found = nearest(name, [rows.filter((row) => row.name === name), rows])
  return found && NERDS[found.name]
}
