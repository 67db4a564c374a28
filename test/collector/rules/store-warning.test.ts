import { expect, test } from 'vitest'
import { createAlertEngine } from '../../../collector/alerts/engine.ts'
import { rulesWith, situation } from '../alerts/situations.ts'

test('a database that has lost something, or will, is told with what to do, each by itself', () => {
  const engine = createAlertEngine({ rules: rulesWith({}) })
  const warning = (what: string) => ({ atMs: 1, what, cure: 'restore the backup' })
  const storeWarnings = [warning('influx: it came back empty'), warning('influx: it deletes after 30 days')]
  const fired = engine
    .evaluate(situation(0, { storeWarnings }))
    .filter((e) => e.alert.rule === 'store-warning')
  expect(fired.map(({ alert }) => [alert.subject, alert.summary])).toEqual([
    [{ part: 'store/1' }, 'influx: it came back empty; restore the backup'],
    [{ part: 'store/2' }, 'influx: it deletes after 30 days; restore the backup'],
  ])
})
