import { useRef, useState } from 'preact/hooks'
import type { WhatIf as Answered } from '../../../../economics/choices/whatif-answer.ts'
import type { SiteView } from '../../../../views/site.ts'
import { fixed } from '../../parts/format.ts'
import { useMoney } from '../../parts/money.ts'
import { Section } from '../parts/section.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { NOTHING_TYPED, scenarioOf } from './fields.ts'
import { WhatIfForm } from './form.tsx'
import { ConversionResult, WhatIfTable } from './result.tsx'
import { Tornado } from './tornado.tsx'

const EVERY_MS = 10_000
/** debounce of typing */
const PAUSE_MS = 150

/** The site under other prices, compared with the site as it is. It updates while somebody types. */
export function WhatIf({ site }: { site: SiteView }) {
  const { perUsd } = useMoney()
  const [typed, setTyped] = useState(NOTHING_TYPED)
  const { scenario, faults, missing } = scenarioOf(typed, perUsd)
  const answer = useAnswer<Answered>({
    path: '/api/v1/whatif',
    body: scenario,
    everyMs: EVERY_MS,
    delayMs: PAUSE_MS,
  })
  const { data, error } = answer
  // the answer to an empty scenario has the present values, which the form shows in empty fields
  const now = useRef<Answered>(undefined)
  if (data && Object.keys(data.scenario).length === 0) now.current = data
  const refused = Object.fromEntries(error?.faults.map((f) => [f.parameter, f.problem]) ?? [])
  return (
    <Section
      id="what-if"
      title="What if"
      answer={answer}
      timeZone={site.timeZone}
      note="with the present machines; nothing is changed"
      form={
        <>
          <WhatIfForm typed={typed} onType={setTyped} now={now.current} faults={{ ...refused, ...faults }} />
          {missing.length > 0 && (
            <p class="quiet">A conversion also needs: {missing.join(', ').toLowerCase()}.</p>
          )}
        </>
      }
    >
      {(found) => (
        <>
          {found.missing.length > 0 && (
            <p class="fault">
              ◆ Unknown: {found.missing.join(', ')}. Figures that depend on them stay as they are; energy
              counts as free.
            </p>
          )}
          <Outcome of={found} />
          <WhatIfTable of={found} />
          {found.conversion && <ConversionResult of={found.conversion} all={found.sensitivities} />}
          <Tornado of={found} />
        </>
      )}
    </Section>
  )
}

const HOURS_A_MONTH = 730.5

/** The answer in a few sentences. */
function Outcome({ of: { site, prices, network } }: { of: Answered }) {
  const money = useMoney()
  const { before, after } = site
  const more = after.netUsdPerH - before.netUsdPerH
  const then = money.sum([before.netUsdPerH, more])
  const [now, change] = then.terms
  const hashprice = money.text(prices.after.hashpriceUsdPerPhDay)
  const next = network?.retargets[0]
  const date = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  return (
    <p class="lead">
      The site nets <b>{now}/h</b> now, then <b class={after.netUsdPerH < 0 ? 'loss' : ''}>{then.total}/h</b>:{' '}
      <b>
        {more > 0 && '+'}
        {change}/h
      </b>
      , {money.text(more * HOURS_A_MONTH)} a month. Hashprice {money.text(prices.before.hashpriceUsdPerPhDay)}
      /PH/day, then {hashprice}.
      {next && ` Next retarget about ${date(next.atMs)}, to ${fixed(next.difficulty / 1e12, 2)} T.`}
      {network && ` Halving about ${date(network.halving.atMs)}.`}
    </p>
  )
}
