package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	v1 "github.com/synchook/synchook/gen/synchook/v1"
	"github.com/synchook/synchook/internal/store"
	"github.com/synchook/synchook/internal/synchook"
)

// deployStore writes deployments.
type deployStore interface {
	ReserveNames(ctx context.Context, p synchook.ProjectID, in synchook.IntegrationID, syncs, models []string) (map[string]synchook.SyncID, map[string]synchook.ModelID, error)
	DeployVersion(ctx context.Context, p synchook.ProjectID) (int64, error)
	Deploy(ctx context.Context, p synchook.ProjectID, d store.Deployment) error
}

// DeploySyncs implements the service.
func (s *syncService) DeploySyncs(ctx context.Context, r *v1.DeploySyncsRequest) (*v1.DeploySyncsResponse, error) {
	if err := checkDefinitions(r); err != nil {
		return nil, err
	}
	keys, ids, err := s.deployTo(ctx, r.GetProviderConfigKeys())
	if err != nil {
		return nil, err
	}
	version, err := s.store.DeployVersion(ctx, projectOf(ctx))
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(ctx, r.GetSyncs(), ids)
	if err != nil {
		return nil, err
	}
	if !r.GetDryRun() {
		if err := s.apply(ctx, version, plan, scriptsOf(r.GetSyncs())); err != nil {
			return nil, err
		}
	}
	return &v1.DeploySyncsResponse{Changes: fromPlan(plan, keys)}, nil
}

// checkDefinitions judges what the contract's own rules cannot.
func checkDefinitions(r *v1.DeploySyncsRequest) error {
	seen, models := map[[2]string]bool{}, map[[2]string]string{}
	for i, d := range r.GetSyncs() {
		at, key := fmt.Sprintf("syncs[%d]", i), d.GetProviderConfigKey()
		if !slices.Contains(r.GetProviderConfigKeys(), key) {
			return synchook.Invalid(at+".provider_config_key", fmt.Sprintf("%q is not among the provider_config_keys whose syncs are deployed", key),
				"Name the integration in provider_config_keys too, so that nothing is replaced by accident.")
		}
		if name := [2]string{key, d.GetSyncName()}; seen[name] {
			return synchook.Invalid(at+".sync_name", fmt.Sprintf("the integration %q has two syncs %q", key, d.GetSyncName()), "Give each sync a name of its own.")
		}
		seen[[2]string{key, d.GetSyncName()}] = true
		if f := d.GetFrequency().AsDuration(); f != 0 && f < synchook.MinFrequency {
			return synchook.Invalid(at+".frequency", fmt.Sprintf("%s is too often", f), fmt.Sprintf("The shortest frequency is %s; zero is never.", synchook.MinFrequency))
		}
		for j, m := range d.GetModels() {
			if other, ok := models[[2]string{key, m}]; ok {
				return synchook.Invalid(fmt.Sprintf("%s.models[%d]", at, j), fmt.Sprintf("the model %q is returned by the sync %q already", m, other),
					"Records belong to one sync, which counts and deletes them: give the model another name in one of the two.")
			}
			models[[2]string{key, m}] = d.GetSyncName()
		}
	}
	return nil
}

// deployTo finds the integrations whose syncs are replaced, by ID and by key.
func (s *syncService) deployTo(ctx context.Context, wanted []string) (keys map[synchook.IntegrationID]string, ids map[string]synchook.IntegrationID, err error) {
	keys, ids = map[synchook.IntegrationID]string{}, map[string]synchook.IntegrationID{}
	for _, key := range wanted {
		in, err := s.store.IntegrationByKey(ctx, projectOf(ctx), key)
		if err != nil {
			return nil, nil, err
		}
		keys[in.ID], ids[key] = key, in.ID
	}
	return keys, ids, nil
}

func (s *syncService) plan(ctx context.Context, definitions []*v1.SyncDefinition, ids map[string]synchook.IntegrationID) ([]synchook.SyncChange, error) {
	var old []synchook.Sync
	for _, in := range ids {
		syncs, err := s.store.Syncs(ctx, projectOf(ctx), in)
		if err != nil {
			return nil, err
		}
		old = append(old, syncs...)
	}
	wanted := convertAll(definitions, func(d *v1.SyncDefinition) synchook.Sync {
		return toSync(d, ids[d.GetProviderConfigKey()])
	})
	return synchook.PlanDeployment(old, wanted), nil
}

// apply writes what a plan changes, and schedules what begins to run by itself.
func (s *syncService) apply(ctx context.Context, version int64, plan []synchook.SyncChange, scripts map[synchook.ScriptID]synchook.Script) error {
	d := store.Deployment{Version: version}
	for i := range plan {
		change := &plan[i]
		switch change.Kind {
		case synchook.ChangeUnchanged:
			continue
		case synchook.ChangeRemoved:
			d.Remove = append(d.Remove, change.Sync)
			continue
		}
		if err := s.identify(ctx, &change.Sync); err != nil {
			return err
		}
		d.Put = append(d.Put, change.Sync)
		d.Scripts = append(d.Scripts, scripts[change.Sync.Script])
	}
	if err := s.store.Deploy(ctx, projectOf(ctx), d); err != nil {
		return err
	}
	return s.schedule(ctx, plan)
}

// identify gives a sync and its models the IDs that their names have, and the times.
func (s *syncService) identify(ctx context.Context, sy *synchook.Sync) error {
	syncs, models, err := s.store.ReserveNames(ctx, projectOf(ctx), sy.Integration, []string{sy.Name}, sy.ModelNames())
	if err != nil {
		return err
	}
	sy.ID, sy.Updated = syncs[sy.Name], s.now().UTC()
	if sy.Created.IsZero() {
		sy.Created = sy.Updated
	}
	for i, m := range sy.Models {
		sy.Models[i].ID = models[m.Name]
	}
	return nil
}

// schedule makes syncs due on the connections that are there already: new ones at once, those that run
// more often than before in time. A sync that has no frequency any more is let go by the scheduler.
func (s *syncService) schedule(ctx context.Context, plan []synchook.SyncChange) error {
	for _, change := range plan {
		if !change.Scheduled && !change.Hastened {
			continue
		}
		_, err := s.forEach(ctx, change.Sync.Integration, "", func(cons []synchook.ConnectionID) error {
			if change.Scheduled {
				return s.store.Schedule(ctx, projectOf(ctx), change.Sync.ID, cons, s.now())
			}
			return s.store.Hasten(ctx, projectOf(ctx), change.Sync, cons)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func scriptsOf(definitions []*v1.SyncDefinition) map[synchook.ScriptID]synchook.Script {
	scripts := make(map[synchook.ScriptID]synchook.Script, len(definitions))
	for _, d := range definitions {
		script := synchook.NewScript(d.GetCode(), d.GetSourceMap())
		scripts[script.ID] = script
	}
	return scripts
}

func toSync(d *v1.SyncDefinition, in synchook.IntegrationID) synchook.Sync {
	return synchook.Sync{
		Integration: in, Name: d.GetSyncName(), Frequency: d.GetFrequency().AsDuration(), Subscriptions: d.GetWebhookSubscriptions(),
		Models:       convertAll(d.GetModels(), func(name string) synchook.Model { return synchook.Model{Name: name} }),
		TrackDeletes: d.GetTrackDeletes(), AutoStart: d.GetAutoStart(), Description: d.GetDescription(),
		Script: synchook.NewScript(d.GetCode(), d.GetSourceMap()).ID,
	}
}

// fromPlan orders by the integrations' names, which people know, and not by their IDs.
func fromPlan(plan []synchook.SyncChange, keys map[synchook.IntegrationID]string) []*v1.SyncChange {
	changes := convertAll(plan, func(c synchook.SyncChange) *v1.SyncChange {
		return &v1.SyncChange{
			ProviderConfigKey: keys[c.Sync.Integration], SyncName: c.Sync.Name, Kind: changeWords().enum(c.Kind), Differences: c.Differences,
		}
	})
	slices.SortStableFunc(changes, func(a, b *v1.SyncChange) int {
		return cmp.Compare(a.GetProviderConfigKey(), b.GetProviderConfigKey())
	})
	return changes
}
