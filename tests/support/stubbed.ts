/**
 * An object with some of its methods replaced: private fields need the object itself as `this`.
 *
 * @module
 */

/** The object as it is, but for what `changes` has in its place. */
export function stubbed<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
