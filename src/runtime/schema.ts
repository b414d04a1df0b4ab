/** JSON Schema checks whose messages name the field and what it may hold. */
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { describe, nearest } from './validate.js';

const ajv = new Ajv({ allErrors: false, useDefaults: true, verbose: true, strict: true });

/** Compiles the schema in `file`. */
export function compileSchema<T>(file: string | URL): ValidateFunction<T> {
  return ajv.compile<T>(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
}

/** The first finding in words, for instance ``expected one of 'cuda', 'cpu' for `providers[0]` but received …``. */
export function schemaMessage(validate: ValidateFunction<unknown>): string {
  const error = validate.errors?.[0];
  if (!error) throw new Error('schemaMessage: expected a failed validation');
  const field = fieldOf(error.instancePath);
  const wants = `expected ${wanted(error)}`;
  if (error.keyword === 'required') {
    return `${wants} for \`${join(field, missing(error))}\` but it is missing`;
  }
  if (error.keyword === 'additionalProperties') {
    const extra = (error.params as { additionalProperty: string }).additionalProperty;
    const known = Object.keys((error.parentSchema?.properties ?? {}) as object);
    const meant = nearest(extra, known);
    return (
      `expected only ${known.map((k) => `\`${k}\``).join(', ')}${field ? ` in \`${field}\`` : ''} ` +
      `but received \`${join(field, extra)}\`${meant ? `; did you mean \`${meant}\`?` : ''}`
    );
  }
  const target = error.propertyName ? `name in ${field || 'it'}` : field || 'the file';
  return `${wants} for \`${target}\` but received ${describe(error.data)}`;
}

const fieldOf = (instancePath: string): string =>
  instancePath
    .split('/')
    .slice(1)
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : join(path, part)), '');
const join = (path: string, part: string): string => (path ? `${path}.${part}` : part);
const missing = (error: ErrorObject): string =>
  (error.params as { missingProperty: string }).missingProperty;

function wanted(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required': {
      const properties = error.parentSchema?.properties as
        Record<string, { description?: string }> | undefined;
      return properties?.[missing(error)]?.description?.replace(/\.$/, '') ?? 'a value';
    }
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).map(quoted).join(', ')}`;
    case 'const':
      return quoted(params.allowedValue);
    case 'type':
      return `a value of type ${String(params.type)}`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum': {
      const { minimum, maximum } = error.parentSchema as { minimum?: number; maximum?: number };
      if (minimum !== undefined && maximum !== undefined)
        return `a number from ${minimum} to ${maximum}`;
      return `a number ${String(params.comparison)} ${String(params.limit)}`;
    }
    case 'multipleOf':
      return `a multiple of ${String(params.multipleOf)}`;
    case 'pattern':
      return `text that matches ${String(params.pattern)}`;
    default:
      return error.message ?? error.keyword;
  }
}

const quoted = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
