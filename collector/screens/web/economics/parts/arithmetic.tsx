import type { Explanation } from '../../../../views/explanation.ts'
import { precise, significant } from '../../parts/format.ts'
import { evaluate } from './evaluate.ts'

/** A formula of the API with its inputs. `because` comments on it. */
type Formula = Explanation['intervals'][number]['revenue']

/** Whole nano-USD are shown with all digits, so that sums can be checked exactly. */
const shown = (result: number) => (Number.isInteger(result) ? precise(result) : significant(result))

/** One figure's arithmetic: name, formula, inputs, and the result, which this page computes. */
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
