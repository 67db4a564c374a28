import type { Explanation } from '../../../views/explanation.ts'
import { precise, significant } from '../format.ts'
import { evaluate } from './evaluate.ts'

/** As the API gives it: formula, inputs, and what is to be known of it. */
type Formula = Explanation['intervals'][number]['revenue']

/** Money is counted in whole nano-USD: those are told to the last. */
const shown = (result: number) => (Number.isInteger(result) ? precise(result) : significant(result))

/** One figure's arithmetic: what it is, the formula, what goes in, and what comes out, computed here. */
export function Arithmetic(props: { name: string; unit: string; of: Formula }) {
  const { name, unit, of } = props
  const result = evaluate(of.formula, of.inputs)
  return (
    <div class="arithmetic">
      <p>
        <b>{name}</b> = <code>{of.formula}</code>
      </p>
      <dl>
        {Object.entries(of.inputs).map(([input, value]) => (
          <div key={input}>
            <dt>{input}</dt>
            <dd class="digits">{precise(value)}</dd>
          </div>
        ))}
      </dl>
      <p class="result">
        = <b class="digits">{result === undefined ? 'cannot be computed' : shown(result)}</b>{' '}
        {result !== undefined && <span class="unit">{unit}</span>}
      </p>
      {of.because && <p class="quiet">{of.because}</p>}
      {of.parts && (
        <details>
          <summary>
            {of.parts.input} is the sum of {of.parts.of.length}
          </summary>
          <dl>
            {of.parts.of.map((p) => (
              <div key={`${p.agentId} ${p.deviceId}`}>
                <dt>{p.deviceId}</dt>
                <dd class="digits">{precise(p.amount)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  )
}
