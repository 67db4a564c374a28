import { expect, test } from 'vitest'
import { IdlePower, isAllIdle } from '../../../agent/gpu/idle-power.ts'

const idleW = (model: string, powerLimitW?: number) =>
  new IdlePower().of('gpu0', model, { powerW: 300, powerLimitW, idle: false })

test.each([
  // outputs of idle boards; the sources are in agent/gpu/idle-watts.ts
  ['NVIDIA H100 80GB HBM3', 70],
  ['NVIDIA H100 PCIe', 47],
  ['NVIDIA H100 NVL', 62],
  ['NVIDIA H200', 78],
  ['NVIDIA H200 NVL', 78],
  ['NVIDIA H20', 72],
  ['NVIDIA GH200 480GB', 82],
  ['NVIDIA B200', 138],
  ['NVIDIA GB200', 162],
  ['NVIDIA B300 SXM6 AC', 137],
  ['NVIDIA A100-SXM4-80GB', 67],
  ['NVIDIA A100-SXM4-40GB', 54],
  ['NVIDIA A100 80GB PCIe', 45],
  ['NVIDIA A100-PCIE-40GB', 33],
  ['NVIDIA A30', 32],
  ['NVIDIA RTX PRO 6000 Blackwell Server Edition', 37],
  ['AMD INSTINCT MI250X', 91],
  ['AMD GPU 0x740c', 91],
  ['AMD Instinct MI210', 41],
  ['AMD Instinct MI300X', 175],
  ['AMD Instinct MI300A', 123],
  ['AMD Instinct MI325X', 140],
  ['AMD Instinct MI350X', 256],
  ['AMD Instinct MI355X', 238],
])('an idle %s draws %i W', (model, watts) => {
  expect(idleW(model)).toBe(watts)
})

test.each([
  ['NVIDIA A800-SXM4-80GB', 400, 56],
  ['NVIDIA H800', 700, 84],
  ['NVIDIA GB300', 1400, 182],
  ['AMD Instinct MI308X', 650, 130],
  ['NVIDIA L40S', 350, 42],
])('of %s nobody published it: a part of its %i W by generation', (model, limitW, watts) => {
  expect(idleW(model, limitW)).toBeCloseTo(watts, 9)
})

test('a board of an unknown model is known by its lowest power without activity', () => {
  const idlePower = new IdlePower()
  const of = (powerW: number, idle: boolean | undefined, powerLimitW?: number) =>
    idlePower.of('gpu0', 'NVIDIA X1', { powerW, powerLimitW, idle })
  expect(of(400, false)).toBeCloseTo(0.12 * 400, 9)
  for (const powerW of [66, 61, 64]) of(powerW, isAllIdle([0, 0.000012]))
  expect(of(300, false)).toBe(61)
  // a board may sleep, or be capped, while something runs on it
  of(20, false)
  of(20, undefined)
  expect(of(300, false)).toBe(61)
  expect(idlePower.of('gpu1', 'NVIDIA X1', { powerW: 300, idle: false })).toBeCloseTo(36, 9)
})

test('a load that the page does not show teaches no idle power', () => {
  const idlePower = new IdlePower()
  idlePower.of('gpu0', 'NVIDIA X1', { powerW: 400, powerLimitW: 700, idle: true })
  expect(idlePower.of('gpu0', 'NVIDIA X1', { powerW: 500, powerLimitW: 700, idle: false })).toBeCloseTo(84, 9)
})

test('small numbers are no activity, and an absent one is not known', () => {
  expect(isAllIdle([0, 0.000012, 0.004])).toBe(true)
  expect(isAllIdle([0, 0.01])).toBe(false)
  expect(isAllIdle([0, undefined])).toBeUndefined()
})

test('a board that tells no power and no limit has no idle power', () => {
  expect(new IdlePower().of('gpu0', undefined, { idle: true })).toBeUndefined()
})
