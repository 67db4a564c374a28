import { describe, expect, test } from 'vitest'
import { ANTMINERS } from '../../../../agent/asic/models/antminers.ts'
import { AVALONS } from '../../../../agent/asic/models/avalons.ts'
import { coolingOf } from '../../../../agent/asic/models/cooling.ts'
import { BITAXES, NERDS } from '../../../../agent/asic/models/esp-miners.ts'
import { algorithmOfLine } from '../../../../agent/asic/models/mining-algorithms.ts'
import { AURADINES, OTHERS, SEALMINERS } from '../../../../agent/asic/models/other-makers.ts'
import { ratedJPerTh, ratingOf } from '../../../../agent/asic/models/rated-efficiency.ts'
import { efficiencyOf, type Rating, SOURCES } from '../../../../agent/asic/models/rating.ts'
import { WHATSMINERS } from '../../../../agent/asic/models/whatsminers.ts'

test.each([
  ['Antminer S19 Pro', 29.5],
  ['Antminer S19J Pro', 29.5],
  ['AntMiner S19j Pro', 29.5],
  ['Antminer S19j Pro (104T)', 29.5],
  ['Bitmain Antminer S21', 17.5],
  ['Antminer S21+', 16.5],
  ['Antminer S21 XP', 13.5],
  ['Antminer S21 Hydro', 16],
  ['Antminer S21 Hyd.', 16],
  ['Antminer S21 XP Hyd.', 12],
  ['Antminer S21 Immersion', 18.5],
  ['Antminer T21 (7Miners 1.2.6-rc1)', 19],
  ['Antminer S9k', 85],
  ['Antminer S9i', 94.3],
  ['Antminer S9j', 93.1],
  ['Antminer S9 SE', 80],
  ['Antminer S15', 57],
  ['Antminer T15', 67],
  ['Antminer S17+', 40],
  ['Antminer S17e', 45],
  ['Antminer T17+', 50],
  ['Antminer T17e', 55],
  ['Antminer S19a', 36.1],
  ['Antminer S19i', 33],
  ['Antminer S19j', 36.1],
  ['Antminer S19 Hyd.', 34.5],
  ['Antminer S19 Pro Hyd.', 29.5],
  ['Whatsminer M30S++_VH70', 31],
  ['Whatsminer M30S+_VE40', 34],
  ['Whatsminer M60S_VK40', 18.5],
  ['Whatsminer M50_VH30', 29],
  ['Whatsminer M66S++_VL40', 15.5],
  ['Whatsminer M63S_VK10', 18.5],
  ['Whatsminer M56S++_VK30', 22],
  ['Whatsminer M70S_VM10', 13.5],
  ['Whatsminer M20S_V20', 49.4],
  ['AvalonMiner 841', 94.9],
  ['AvalonMiner 1246-83', 38],
  ['AvalonMiner 1166Pro-S-81', 42],
  ['AvalonMiner 1126Pro-S-64', 50.3],
  ['AvalonMiner 1566', 18.5],
  ['AvalonMiner 15-194', 18.8],
  ['AvalonMiner A15XP-206', 17.8],
  ['Avalon Q', 18.6],
  ['AvalonMiner Nano3s', 23.3],
  ['SealMiner A2', 16.5],
  ['SealMiner A2 Pro', 14.9],
  ['SealMiner A2_Hyd', 16.5],
  ['SealMiner A3 Pro Hydro', 12.5],
  ['Auradine AT2880', 16],
  ['Bitaxe Gamma 601', 16.6],
  ['Bitaxe Ultra 204', 24],
  ['Innosilicon T3+', 57.9],
  // as the drivers name them: ESP-Miner by `deviceModel`, Auradine without its maker, StrongU by the board's name
  ['NerdQAxe++', 15],
  ['NerdQAxe+', 18.5],
  ['NerdOCTAXE-γ', 15],
  ['NerdHaxe-γ', 15],
  ['NerdEko', 15],
  ['NerdQX', 15],
  ['Q1370', 15],
  ['NerdAxe', 24],
  ['Bitaxe Supra Hex 701', 24],
  ['Bitaxe SupraHex 702', 24],
  ['Bitaxe GammaTurbo 801', 20],
  ['Bitaxe Max 102', 42],
  ['Proto Rig', 14.1],
  ['Rig', 14.1],
  ['Canaan Avalon Q', 18.6],
  ['Canaan AvalonMiner 1246-83', 38],
  ['Avalon Made A1466', 21.5],
  ['MicroBT Whatsminer M60S_VK40', 18.5],
  ['Bitdeer SealMiner A2', 16.5],
  ['AT2880', 16],
  ['AT1500', 16],
  ['Teraflux AI3680', 19],
  ['Auradine Teraflux AH3880', 17.9],
  ['u8', 45.7],
  ['StrongU U8', 45.7],
  ['StrongU STU-U8 Pro', 46.7],
  ['StrongU Hornbill H8', 45],
  ['Halong Mining DragonMint T1', 92.5],
  // minerstat’s list of hardware
  ['Cheetah Miner F5', 57],
  ['Cheetah F5+', 43],
  ['CheetahMiner F5M', 60],
  ['Aisen A1 24T', 91.7],
  ['Love Core A1', 91.7],
  ['LoveCore A1', 91.7],
  ['Aladdin T1 16T', 87.5],
  ['Hummer Miner H9 Pro', 40],
  ['Bitfury RD4', 68.8],
  ['Ebang Ebit E9.3', 110],
  ['Ebit E10.3', 110],
  ['Innosilicon T3+Pro', 49.3],
  ['Innosilicon T3+', 57.9],
  ['Braiins Mini Miner BMM 101', 40],
  ['Lucky Miner LV06', 26],
  ['Auradine AD3500', 17.9],
  // ESP-Miner 2.15.3 and the Nerd boards’ firmware 1.1.0: chips of the S21 and the S23
  ['Q1373', 11],
  ['Bitaxe NajaDuo 1201', 11],
  ['Bitaxe GammaHex 1300', 15],
])('%s is rated at %s J/TH', (model, rated) => expect(ratedJPerTh(model)).toBe(rated))

// a size of its own cooling, at its class’s J/TH; an M3x is not the M3, which is of the first generation
test.each([
  ['Whatsminer M30_V10', 'air', 86, 38],
  ['Whatsminer M30K_VJ10', 'air', 86, 38],
  ['Whatsminer M31L_V10', 'air', 76, 42.4],
  ['Whatsminer M31H_V40', 'hydro', 80, 42],
  ['Whatsminer M33_V10', 'hydro', 80, 42],
  ['Whatsminer M33S+_VG20', 'hydro', 242, 34],
  ['Whatsminer M39_V20', 'hydro', 80, 42],
  ['Whatsminer M53S+_VJ30', 'hydro', 320, 24],
  ['Whatsminer M66S++_VL20', 'immersion', 314, 15.5],
  ['Whatsminer M3_V10', 'air', 12, 166.7],
  ['SealMiner A2_H', 'hydro', 446, 16.5],
  // Bitmain's names of machines for racks (its announcement with Hut 8 of 2024-09; sellers' price lists)
  ['Antminer U3S21EXPH', 'hydro', 860, 13],
  ['Bitmain Antminer U3S23H', 'hydro', 1160, 9.5],
  ['Antminer U3S23 Hyd.', 'hydro', 1160, 9.5],
  // shop.bitmain.com, page of the model (251T, 5522W, 22J/T); the codes of its racks as a fleet's export lists them
  ['Antminer S19e XP Hyd.', 'hydro', 251, 22],
  ['Antminer U3S19EXPH', 'hydro', 251, 22],
  ['Antminer U3S19XP+H', 'hydro', 279, 19],
  // MicroBT's manuals of 2026-04: 500 to 552 TH/s, 13.5 J/T
  ['Whatsminer M7AS_VM10', 'hydro', 533, 13.5],
  ['Whatsminer M7BS', 'hydro', 533, 13.5],
  ['Bitmain S21', 'air', 200, 17.5],
  ['S19 XP', 'air', 140, 21.5],
  // public lists of miners (github, dumps of asicminervalue.com of 2019; proxies and dashboards of 2025)
  ['Antminer V9', 'air', 4, 256.8],
  ['GMO miner B3', 'air', 33, 103.5],
  ['ASICminer 8 Nano', 'air', 44, 47.7],
  ['Bitfily Snow Panther B1+', 'air', 24.5, 85.7],
  ['Fluminer T3', 'air', 115, 14.8],
  ['iPollo B2', 'air', 110, 29.5],
  ['Bitaxe Touch', 'air', 1.6, 13.8],
  ['Bitaxe lv07', 'air', 1, 25],
  ['Lucky Miner LV08', 'air', 4.5, 26.7],
  ['Zyber 8S', 'air', 6.4, 21.9],
  ['Zyber 8GP', 'air', 10, 18],
])('%s is cooled by %s and makes %d TH/s with %d J/TH', (model, cooling, hashrateThs, jPerTh) => {
  expect(ratingOf(model)).toMatchObject({ cooling, hashrateThs })
  expect(ratedJPerTh(model)).toBe(jPerTh)
})

describe('a model that is newer than the tables has the rating of the most similar one', () => {
  test.each([
    // the same model in another case
    ['Antminer S21 XP Hyd. 3U', 'Antminer S21 XP Hyd.'],
    ['Antminer S19j Pro-B', 'Antminer S19j Pro'],
    // of its class
    ['Antminer S19j XP Hyd.', 'Antminer S19e XP Hyd.'],
    ['Antminer S21j Pro', 'Antminer S21 Pro'],
    ['Antminer S21k XP Hyd.', 'Antminer S21e XP Hyd.'],
    ['Antminer S19k Pro Hyd.', 'Antminer S19 Pro Hyd.'],
    ['Whatsminer M7AS+_VM20', 'Whatsminer M73S+'],
    // of its line, generation and cooling
    ['Antminer S23 Pro', 'Antminer S23'],
    ['Antminer S23k Hyd.', 'Antminer S23 Hyd.'],
    ['Antminer T21+', 'Antminer T21'],
    // a generation that is not known yet: the one before
    ['Antminer S25', 'Antminer S23'],
    ['Antminer S25 Hyd.', 'Antminer S23 Hyd.'],
    ['Antminer S18', 'Antminer S17'],
    ['Whatsminer M30S+++_VX10', 'Whatsminer M30S++'],
    ['Whatsminer M76S++_VM20', 'Whatsminer M76S+'],
    ['Whatsminer M99S_VX10', 'Whatsminer M70S'],
    ['AvalonMiner 1586-240', 'AvalonMiner 15-194'],
    ['AvalonMiner 17-400', 'AvalonMiner 16'],
    ['SealMiner A4 Hyd', 'SealMiner A4 Pro Hyd'],
    ['SealMiner A9', 'SealMiner A4 Pro'],
    ['Auradine AT2860', 'Auradine AT2880'],
    ['NerdAxeGaia', 'NerdAxeGamma'],
    ['Bitaxe Gamma Max 609', 'Bitaxe Gamma'],
  ])('%s that of %s', (model, like) => {
    expect(ratingOf(model)).toBeDefined()
    expect(ratingOf(model)).toBe(ratingOf(like))
  })
})

test.each([
  undefined,
  '',
  'Whatsminer',
  'Whatsminer constructor',
  'Antminer',
  'Antminer L9',
  'Antminer KA3',
  'Antminer KS5',
  'Antminer Z15 Pro',
  'Antminer constructor',
  'Avalon',
  'SealMiner',
  'Auradine',
  'ACME T3',
  // they mine Sia, Dash and Decred
  'u2000',
  'u6',
  'StrongU STU-U1++',
  'T3',
])('of %s is unknown', (model) => expect(ratedJPerTh(model)).toBeUndefined())

test.each(
  Object.entries<Rating>({
    ...ANTMINERS,
    ...WHATSMINERS,
    ...AVALONS,
    ...SEALMINERS,
    ...AURADINES,
    ...BITAXES,
    ...NERDS,
    ...OTHERS,
  }),
)('the rating of %s says where it stands, and is one that a machine can have', (name, rating) => {
  expect(SOURCES[rating.source]).toBeTruthy()
  // from the Avalon 7 and the M3 of 2017 to the best hydro machine of 2026
  expect(efficiencyOf(rating)).toBeGreaterThan(8)
  // the V9 needs more for a TH than any other of its time
  expect(efficiencyOf(rating)).toBeLessThan(name === 'v9' ? 260 : 170)
  // from one chip to the largest hydro rack unit
  expect(rating.powerW).toBeGreaterThan(10)
  expect(rating.powerW).toBeLessThan(20_001)
})

test.each([
  ['Avalon Made A1346', 'Avalon A1346'],
  ['AvalonMade 1346', 'Avalon A1346'],
  ['Canaan A1566', 'Avalon A1566'],
  ['A1566', 'Avalon A1566'],
  ['S21XPH', 'Antminer S21 XP Hyd'],
  ['Bitmain S21EXPH', 'Antminer S21e XP Hyd'],
  ['U3S21EXPH', 'Antminer U3S21EXPH'],
  ['Antminer Bitmain S19', 'Antminer S19'],
  ['Miner Antminer S19', 'Antminer S19'],
  ['ANTMINER_S19', 'Antminer S19'],
  ['antminers19', 'Antminer S19'],
  ['MicroBT M60S', 'Whatsminer M60S'],
  ['M60S', 'Whatsminer M60S'],
  ['Whatsminer-M50S', 'Whatsminer M50S'],
  ['Bitdeer A2', 'SealMiner A2'],
])('%s is the %s, rated, cooled and paid as that', (written, model) => {
  expect(ratingOf(written)).toBeDefined()
  expect(ratingOf(written)).toBe(ratingOf(model))
  expect(coolingOf(written)).toBe(coolingOf(model))
  expect(algorithmOfLine(written)).toBe('sha256')
})

test.each([
  'Innosilicon A10',
  'Ebang E9',
  'Goldshell KA Box',
  'S11',
  'A2',
  'Fluminer L1',
  'Bitmain E9',
  'Bitmain Antminer KS5',
  'Avalon Made of nothing',
  'M',
  'Bitdeer DL1',
])('%s is no Bitcoin machine by its name', (written) => {
  expect(algorithmOfLine(written)).not.toBe('sha256')
  expect(ratingOf(written)).toBeUndefined()
})
