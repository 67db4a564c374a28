/** A property of the site after a run, and what violates it. */
export interface Check {
  id: 'a' | 'b' | 'c' | 'd' | 'e' | 'f'
  /** the property that is checked */
  title: string
  /** the measured figures, in one line */
  figures: string
  /** violations; empty where the property holds */
  problems: string[]
}
