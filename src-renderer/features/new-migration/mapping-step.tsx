import { Checkbox, Radio, Stack } from '@mantine/core';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { formatNumber } from '../../ui/format.ts';
import { RateInput } from '../../ui/rate-input.tsx';
import classes from './new-migration.module.css';
import { LIMIT, type Plan, planProblems } from './plan.ts';
import { StepTitle } from './step-title.tsx';

const texts = newMigrationTexts.mapping;

/** What becomes of the machine at a target of disk images, and how it is copied. */
export function MappingStep({ plan, onPlan }: { plan: Plan; onPlan: (change: Partial<Plan>) => void }) {
  return (
    <>
      <StepTitle title={texts.title} hint={texts.hint} />
      <section className={classes.panel}>
        <h3>{texts.stays}</h3>
        <dl className={classes.facts}>
          {texts.rows.flatMap(([name, text]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{text}</dd>])}
        </dl>
      </section>
      <section className={classes.part}>
        <h3>{texts.options}</h3>
        <div className={classes.options}>
          <Radio.Group
            label={texts.verify}
            description={texts.verifyHint}
            value={plan.verify}
            onChange={(verify) => onPlan({ verify: verify as Plan['verify'] })}
          >
            <Stack gap={5} mt={6}>
              <Radio value="written" label={texts.verifies.written} />
              <Radio value="all" label={texts.verifies.all} />
            </Stack>
          </Radio.Group>
          <Checkbox
            label={texts.quiesce}
            description={texts.quiesceHint}
            checked={plan.quiesce}
            onChange={(event) => onPlan({ quiesce: event.currentTarget.checked })}
          />
          <RateInput
            label={texts.limit}
            description={texts.limitHint}
            placeholder={texts.noLimit}
            w={220}
            clampBehavior="none"
            error={planProblems(plan).mapping ? texts.limitRange(formatNumber(LIMIT.min), formatNumber(LIMIT.max)) : undefined}
            value={plan.limit ?? ''}
            onChange={(value) => onPlan({ limit: typeof value === 'number' ? value : undefined })}
          />
        </div>
      </section>
    </>
  );
}
