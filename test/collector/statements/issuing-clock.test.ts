import { beforeEach, describe, expect, it } from 'vitest'
import { statementText } from '../../../collector/screens/api/statements.ts'
import { record } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { StatementRig } from '../statement-rig.ts'

const DECEMBER = Date.UTC(2026, 11, 1)

describe('a statement of November', () => {
  let store: MemoryStore
  let rig: StatementRig
  beforeEach(async () => {
    store = new MemoryStore()
    rig = await new StatementRig(store).start(DECEMBER)
    rig.nowMs = DECEMBER + 21 * 3_600_000
  })
  const issue = () => rig.statements.issue({ month: '2026-11', by: 'ann', incomplete: true }, statementText)
  const refusal = () =>
    issue().then(
      () => 'issued',
      (error: Error) => error.message,
    )

  it('is not issued by a clock that nothing confirms, and the refusal says what to do', async () => {
    rig.clock.isConfirmed = false
    expect(await refusal()).toMatch(
      /is not issued: by this computer’s clock it is 2026-12-01T21:00 UTC, but no clock of another computer has confirmed it.*Let NTP set it.*start an agent on another/,
    )
    rig.clock.isConfirmed = true
    expect(await refusal()).toBe('issued')
  })

  it('is not issued while other clocks contradict the collector’s, whatever records there are', async () => {
    rig.clock.isWrong = true
    await store.append('a', { epoch: 1, seq: 1 }, [record(0, 'cage', { startMs: DECEMBER })])
    expect(await refusal()).toMatch(/other clocks contradict it.*alert clock-skew/)
  })

  it('is not issued without another clock because a record from after the month is stored: its agent may have the same clock', async () => {
    rig.clock.isConfirmed = false
    await store.append('a', { epoch: 1, seq: 1 }, [record(0, 'cage', { startMs: DECEMBER })])
    expect(await refusal()).toMatch(/no clock of another computer/)
    expect((await rig.statements.list('2026-11')).whyNotOver).toMatch(/no clock of another computer/)
  })

  it('is not issued before the month is over', async () => {
    rig.nowMs = DECEMBER - 1
    expect(await refusal()).toMatch(/its month is not over/)
  })
})
