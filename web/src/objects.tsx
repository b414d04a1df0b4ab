/** The objects followed: name, area, quality light, curve, and what to do with each. */
import { useState } from 'preact/hooks';
import type { LiveObject, LiveStatus } from '../../src/client/index.ts';
import { objectColour, objectHex } from './colours.ts';
import { Curve } from './curve.tsx';
import { areaUnit, formatArea } from './format.ts';
import { beatOf, type AreaHistory } from './history.ts';

const LIGHT_TEXT = { tracking: 'tracking', ask: 'click to correct', lost: 'lost' };

export interface ObjectsProps {
  objects: readonly LiveObject[];
  labels: LiveStatus['objects'];
  history: AreaHistory;
  /** The object that prompts are about; null: the one under the click, or another one. */
  active: number | null;
  /** The next prompt starts another object. */
  startsNew: boolean;
  mayOperate: boolean;
  onSelect(id: number | null, startsNew?: boolean): void;
  onRemove(id: number): void;
  onLabel(id: number, label: { name?: string | null; colour?: string | null }): void;
}

export function Objects(props: ObjectsProps) {
  const { objects, labels, history, active, startsNew, mayOperate, onSelect } = props;
  return (
    <section class="card" aria-labelledby="objects-title">
      <h2 id="objects-title">Objects</h2>
      {objects.length === 0 ? (
        <p class="hint">
          {mayOperate
            ? 'Click on a structure in the picture to follow it.'
            : 'Nothing is followed.'}
        </p>
      ) : (
        <ul class="objects">
          {objects.map((object) => (
            <ObjectCard
              key={object.id}
              {...props}
              object={object}
              label={labels.find(({ id }) => id === object.id)}
              samples={history.of(object.id)}
              isActive={object.id === active}
            />
          ))}
        </ul>
      )}
      {objects.length > 0 && mayOperate && (
        <button
          type="button"
          class="new"
          aria-pressed={startsNew}
          onClick={() => onSelect(null, true)}
        >
          {startsNew ? 'Next click starts another object' : 'Start another object'}
          <kbd>N</kbd>
        </button>
      )}
    </section>
  );
}

interface CardProps extends ObjectsProps {
  object: LiveObject;
  label: LiveStatus['objects'][number] | undefined;
  samples: ReturnType<AreaHistory['of']>;
  isActive: boolean;
}

function ObjectCard({ object, label, samples, isActive, ...props }: CardProps) {
  const { id, status, quality, areaMm2, areaPx } = object;
  const { mayOperate, onSelect, onRemove, onLabel } = props;
  const [isEditing, setEditing] = useState(false);
  const name = label?.name ?? `Object ${id}`;
  const colour = objectColour(id, label?.colour);
  const isCalibrated = areaMm2 !== null;
  const unit = areaUnit(areaMm2 ?? areaPx, isCalibrated);
  const beat = status === 'lost' ? null : beatOf(samples);
  return (
    <li class={isActive ? 'object active' : 'object'} data-object-id={id} data-status={status}>
      <div class="object-head">
        <button
          type="button"
          class="object-main"
          aria-pressed={isActive}
          onClick={() => onSelect(id)}
        >
          <span class="swatch" style={{ background: colour }} aria-hidden="true" />
          <span class="object-name">{name}</span>
          <span class={`light ${status}`}>{LIGHT_TEXT[status]}</span>
        </button>
        {mayOperate && (
          <>
            <button
              type="button"
              class="small"
              aria-label={`Name ${name}`}
              onClick={() => setEditing(!isEditing)}
            >
              ✎
            </button>
            <button
              type="button"
              class="small"
              aria-label={`Remove ${name}`}
              onClick={() => onRemove(id)}
            >
              ×
            </button>
          </>
        )}
      </div>
      {isEditing && (
        <form
          class="object-form"
          onSubmit={(event) => {
            event.preventDefault();
            const data = new FormData(event.currentTarget);
            const text = String(data.get('name') ?? '').trim();
            onLabel(id, { name: text === '' ? null : text, colour: String(data.get('colour')) });
            setEditing(false);
          }}
        >
          <input
            name="name"
            maxLength={40}
            defaultValue={label?.name ?? ''}
            placeholder="Name"
            aria-label="Name"
          />
          <input
            name="colour"
            type="color"
            defaultValue={objectHex(id, label?.colour ?? null)}
            aria-label="Colour"
          />
          <button type="submit">Save</button>
        </form>
      )}
      <p class="object-area">
        {status === 'lost' ? '—' : formatArea(areaMm2 ?? areaPx, isCalibrated)}
        {!isCalibrated && status !== 'lost' && <span class="soft"> uncalibrated</span>}
        <span class="soft quality">quality {Math.round(quality * 100)} %</span>
      </p>
      <Curve
        samples={samples}
        unitSize={unit.size}
        colour={colour}
        label={`Area of ${name} over the last seconds, in ${unit.name}`}
      />
      {beat && (
        <dl class="beat">
          <div>
            <dt>max</dt>
            <dd>{formatArea(beat.max, isCalibrated)}</dd>
          </div>
          <div>
            <dt>min</dt>
            <dd>{formatArea(beat.min, isCalibrated)}</dd>
          </div>
          <div>
            <dt title="Fractional area change: (max − min) / max">FAC</dt>
            <dd>{Math.round(beat.change * 100)} %</dd>
          </div>
          <div>
            <dt>cycles/min</dt>
            <dd>{Math.round(beat.perMinute)}</dd>
          </div>
        </dl>
      )}
    </li>
  );
}
