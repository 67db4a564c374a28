import type { WhatIf } from '../../../../economics/choices/whatif-answer.ts'
import { useMoney } from '../../parts/money.ts'
import {
  CONVERSION,
  CONVERSION_MORE,
  type Field,
  MARKET,
  NOTHING_TYPED,
  SOLD_AS,
  type SoldAs,
  shownOf,
  type Typed,
} from './fields.ts'

const CONVERSIONS: Record<SoldAs | '', string> = {
  '': 'none',
  gpus: 'to GPU-hours',
  colocation: 'to colocation',
}

/** The inputs of a scenario. An empty field shows the present value. */
export function WhatIfForm(props: {
  typed: Typed
  onType: (typed: Typed) => void
  /** the answer without any change: the site as it is */
  now: WhatIf | undefined
  /** by field */
  faults: Readonly<Record<string, string>>
}) {
  const { typed, onType, now, faults } = props
  const inputs = (fields: readonly Field[]) =>
    fields.map((field) => (
      <Input
        key={field.name}
        field={field}
        now={now && field.now?.(now)}
        text={typed.texts[field.name] ?? ''}
        fault={faults[field.name]}
        onText={(text) => onType({ ...typed, texts: { ...typed.texts, [field.name]: text } })}
      />
    ))
  const { soldAs, from, halving, ...rest } = typed
  return (
    <form class="whatif" onSubmit={(e) => e.preventDefault()} aria-label="Scenario">
      {inputs(MARKET)}
      <label class="tick">
        <input
          type="checkbox"
          checked={halving}
          onChange={(e) => onType({ ...typed, halving: e.currentTarget.checked })}
        />{' '}
        after the next halving
      </label>
      <label>
        <span>Rebuild power</span>
        <select
          value={soldAs ?? ''}
          onChange={(e) => {
            const chosen = e.currentTarget.value as SoldAs | ''
            onType({ ...rest, from, halving, ...(chosen ? { soldAs: chosen } : {}) })
          }}
        >
          {Object.entries(CONVERSIONS).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {soldAs && (
        <>
          <label>
            <span>Power of</span>
            <select value={from} onChange={(e) => onType({ ...typed, from: e.currentTarget.value })}>
              <option value="">new power</option>
              {now?.workloads
                .filter((w) => w.before.powerW > 0)
                .map((w) => (
                  <option key={w.workload}>{w.workload}</option>
                ))}
            </select>
          </label>
          {inputs([...CONVERSION, ...SOLD_AS[soldAs], ...CONVERSION_MORE])}
        </>
      )}
      <button type="button" onClick={() => onType(NOTHING_TYPED)}>
        Reset
      </button>
    </form>
  )
}

function Input(props: {
  field: Field
  text: string
  now: number | undefined
  fault: string | undefined
  onText: (text: string) => void
}) {
  const { field, text, now, fault, onText } = props
  const money = useMoney()
  const { name, label, unit } = field
  return (
    <label>
      <span>
        {label} <small>{unit.replace('{}', money.code)}</small>
      </span>
      <input
        name={name}
        inputMode="decimal"
        autocomplete="off"
        placeholder={now === undefined ? '' : shownOf(field, now, money)}
        value={text}
        aria-invalid={fault !== undefined}
        aria-describedby={fault && `${name}-fault`}
        onInput={(e) => onText(e.currentTarget.value)}
      />
      {fault && (
        <small class="loss" id={`${name}-fault`}>
          ◆ {fault}
        </small>
      )}
    </label>
  )
}
