/** A drop-down list of names, with its label before it. */
export function Choice<T extends string>(props: {
  label: string
  names: readonly T[]
  value: T
  onChoose: (name: T) => void
  textOf?: (name: T) => string
}) {
  const { label, names, value, onChoose, textOf = (name) => name } = props
  return (
    <label>
      {label}{' '}
      <select aria-label={label} value={value} onChange={(e) => onChoose(e.currentTarget.value as T)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {textOf(name)}
          </option>
        ))}
      </select>
    </label>
  )
}
