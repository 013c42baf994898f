/** Listeners by the name of what they want to hear. One that throws does not keep the others from hearing it. */
export interface Emitter<Events extends object> {
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void
}

export const createEmitter = <Events extends object>(onFault: (error: unknown) => void): Emitter<Events> => {
  const listeners: { [Name in keyof Events]?: Set<(value: Events[Name]) => void> } = {}
  return {
    on: (name, listener) => {
      const heard = listeners[name] ?? new Set()
      listeners[name] = heard
      heard.add(listener)
      return () => void heard.delete(listener)
    },
    emit: (name, value) => {
      for (const listener of [...(listeners[name] ?? [])]) {
        try {
          listener(value)
        } catch (error) {
          onFault(error)
        }
      }
    },
  }
}
