import { describe, expect, it } from 'vitest'
import { askPrograms, isSynchronised } from '../../protocol/kit/kernel-clock.ts'

/** Output by program, as it would run here. */
const computer = (outputs: Record<string, string>) => async (program: string) => outputs[program]
// chronyc(1), "tracking" with -c: the fields of its report in order
const TRACKING =
  'C0000201,192.0.2.1,3,1772366400.123456789,0.000012345,0.000001234,0.000023456,-12.345,0.001,0.012,0.0123,0.0012,64.2'

describe('whether NTP keeps the clock', () => {
  it.each([
    ['systemd says so', { timedatectl: 'yes\n' }, true],
    ['systemd says no', { timedatectl: 'no\n' }, false],
    ['only chrony answers', { chronyc: `${TRACKING},Normal\n` }, true],
    ['chrony has no source', { chronyc: `${TRACKING},Not synchronised\n` }, false],
    // adjtimex(8) --print; STA_UNSYNC is 0x0040 (adjtimex(2))
    ['only adjtimex answers', { adjtimex: '         mode: 0\n       status: 8193\n' }, true],
    ['the kernel is not synchronised', { adjtimex: '         mode: 0\n       status: 64\n' }, false],
    ['a program says something else', { timedatectl: '', chronyc: '506 Cannot talk to daemon\n' }, undefined],
    ['there is no such program', {}, undefined],
  ])('is known where %s', async (_, outputs, expected) => {
    expect(await askPrograms(computer(outputs as Record<string, string>))).toBe(expected)
  })

  it('never rejects on this computer', async () => {
    expect([true, false, undefined]).toContain(await isSynchronised())
  })
})
