import { expect, test } from 'vitest'
import { ANTMINERS } from '../../../../agent/asic/models/antminers.ts'
import { AVALONS } from '../../../../agent/asic/models/avalons.ts'
import { coolingOf } from '../../../../agent/asic/models/cooling.ts'
import { BITAXES, NERDS } from '../../../../agent/asic/models/esp-miners.ts'
import { AURADINES, OTHERS, SEALMINERS } from '../../../../agent/asic/models/other-makers.ts'
import type { Ratings } from '../../../../agent/asic/models/rating.ts'
import { WHATSMINERS } from '../../../../agent/asic/models/whatsminers.ts'

// fans that pyasic expects of each model (github UpstreamData/pyasic, pyasic/miners/device/models/whatsminer, `expected_fans`)
test.each([
  ['M20S_V20', 2],
  ['M31H_V40', 0],
  ['M32_V20', 2],
  ['M33S_VG30', 0],
  ['M34S+_VE10', 0],
  ['M36S++_VH30', 0],
  ['M39_V20', 0],
  ['M50S++_VK20', 2],
  ['M52S_VK30', 0],
  ['M53S+_VJ30', 0],
  ['M54S++_VK30', 0],
  ['M56S+_VJ30', 0],
  ['M59_VH30', 0],
  ['M60S++_VL30', 2],
  ['M61S_VL10', 2],
  ['M62S+_VK30', 0],
  ['M63S++_VL20', 0],
  ['M64S_VL30', 0],
  ['M66S++_VL20', 0],
  ['M67S_VK30', 0],
  ['M70_VM30', 2],
])('a Whatsminer %s has %i fans', (name, fans) => {
  expect(coolingOf(`Whatsminer ${name}`) === 'air' ? 2 : 0).toBe(fans)
})

// cooling_type of the Mining Intelligence Catalog of 2026-04 (github, intelligence-catalog/seed-data)
test.each([
  ['Antminer U3S21EXPH', 'hydro'],
  ['Antminer U3', 'air'],
  ['Whatsminer M79S', 'hydro'],
  ['Whatsminer M65S', 'hydro'],
  ['Whatsminer M6DS+', 'hydro'],
  ['Whatsminer M7DS', 'hydro'],
  ['Whatsminer M78S', 'immersion'],
  ['Whatsminer M76S+', 'immersion'],
  ['Whatsminer M72S', 'air'],
  ['Whatsminer M70S+', 'air'],
  ['Avalon A1566HA', 'hydro'],
  ['Avalon A1466I', 'immersion'],
  ['Avalon Q', 'air'],
  ['SealMiner A4 Ultra Hydro', 'hydro'],
  ['SealMiner A3 Pro Air', 'air'],
  ['Teraflux AI3680', 'immersion'],
  ['AH3880', 'hydro'],
  ['Auradine Teraflux AT2880', 'air'],
])('a %s is cooled by %s', (model, cooling) => expect(coolingOf(model)).toBe(cooling))

test.each([
  ['Antminer S29 Hyd. 2U', 'hydro'],
  ['Antminer S29 XP Immersion', 'immersion'],
  ['Antminer S25 Pro', 'air'],
  ['Antminer S19 Pro+ Hydro (Vnish 1.2.7)', 'hydro'],
  ['Whatsminer M83S+_VN10', 'hydro'],
  ['Whatsminer M8DS', 'hydro'],
  ['Whatsminer M86_VN10', 'immersion'],
  ['Whatsminer M80S_VN10', 'air'],
  ['Whatsminer M3_V1', 'air'],
  ['Whatsminer M10S', 'air'],
  ['AvalonMiner 1746I-300', 'immersion'],
  ['Canaan Avalon A18HA', 'hydro'],
  ['AvalonMiner 1166Pro-S-81', 'air'],
  ['SealMiner A6_Hyd', 'hydro'],
  ['SealMiner A6 Pro H', 'hydro'],
  ['Teraflux AH4990', 'hydro'],
  ['NerdHaxe-γ', 'air'],
  ['', 'air'],
  [undefined, 'air'],
])('a new model’s name tells: a %s is cooled by %s', (model, cooling) =>
  expect(coolingOf(model)).toBe(cooling),
)

const MAKERS: readonly (readonly [string, Ratings])[] = [
  ['Antminer', ANTMINERS],
  ['Whatsminer', WHATSMINERS],
  ['Avalon', AVALONS],
  ['SealMiner', SEALMINERS],
  ['Auradine', AURADINES],
  ['', { ...BITAXES, ...NERDS, ...OTHERS }],
]

test.each(
  MAKERS.flatMap(([maker, rows]) =>
    Object.entries(rows).map(([name, row]) => [`${maker} ${name}`.trim(), row.cooling] as const),
  ),
)('the name of a %s says the cooling that its row has: %s', (model, cooling) => {
  expect(coolingOf(model)).toBe(cooling)
})
