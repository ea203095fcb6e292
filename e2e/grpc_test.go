package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/synchook/synchook/e2e/rig"
)

// grpcurl calls the server as a person does who has only its address and a key.
func grpcurl(t *testing.T, p *rig.Project, args ...string) (string, error) {
	t.Helper()
	flags := []string{"-plaintext", "-H", "authorization: Bearer " + p.Key}
	cmd := exec.CommandContext(t.Context(), rig.Grpcurl(t), append(flags, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestGrpcurlListsDescribesAndCalls(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("grpc", "user-1")
	const update = `{"settings":{"webhook_url":"https://app.example/hook"},"update_mask":{"paths":["webhook_url"]}}`
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"list", []string{h.Address(), "list"}, []string{"synchook.v1.ProjectService", "synchook.v1.RecordService", "grpc.health.v1.Health"}},
		{"list methods", []string{h.Address(), "list", "synchook.v1.DeliveryService"}, []string{"synchook.v1.DeliveryService.WatchDeliveries"}},
		{"describe a service", []string{h.Address(), "describe", "synchook.v1.ProjectService"}, []string{"rpc UpdateProjectSettings"}},
		{"describe a message", []string{h.Address(), "describe", "synchook.v1.UpdateProjectSettingsRequest"}, []string{".google.protobuf.FieldMask update_mask"}},
		{"call", []string{h.Address(), "synchook.v1.ProjectService/GetProject"}, []string{p.ID, `"name": "grpc"`}},
		{"call with a mask", []string{"-d", update, h.Address(), "synchook.v1.ProjectService/UpdateProjectSettings"}, []string{"https://app.example/hook"}},
		{"health", []string{h.Address(), "grpc.health.v1.Health/Check"}, []string{"SERVING"}},
		{"health of a service", []string{"-d", `{"service":"synchook.v1.RecordService"}`, h.Address(), "grpc.health.v1.Health/Check"}, []string{"SERVING"}},
	} {
		out, err := grpcurl(t, p, test.args...)
		if err != nil {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: there is no %q in\n%s", test.name, want, out)
			}
		}
	}
	if out, err := grpcurl(t, p, "-d", `{"connection":{"provider_config_key":""}}`, h.Address(), "synchook.v1.ConnectionService/CreateConnection"); err == nil ||
		!strings.Contains(out, "InvalidArgument") || !strings.Contains(out, "connection.provider_config_key") {
		t.Errorf("a bad request: %v\n%s", err, out)
	}
}

func TestJSONOverHTTPUpdatesSettingsByMask(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	p := h.NewProject("json")
	const update = `{"settings":{"alwaysSendWebhook":true,"webhookUrl":"https://other.example"},"updateMask":"alwaysSendWebhook"}`
	status, settings := post(t, p, "ProjectService/UpdateProjectSettings", update)
	if status != http.StatusOK || settings["alwaysSendWebhook"] != true || settings["webhookUrl"] != p.Receiver.URL() {
		t.Errorf("the answer is %d %v", status, settings)
	}
	status, fault := post(t, p, "ProjectService/UpdateProjectSettings", `{"settings":{"webhookUri":"https://other.example"},"updateMask":"webhookUrl"}`)
	if text, _ := fault["message"].(string); status != http.StatusBadRequest || !strings.Contains(text, "webhookUri") {
		t.Errorf("an unknown field is answered %d %v", status, fault)
	}
	if status, project := post(t, p, "ProjectService/GetProject", `{}`); status != http.StatusOK || project["id"] != p.ID {
		t.Errorf("the project is %d %v", status, project)
	}
}

// post calls a method as curl does.
func post(t *testing.T, p *rig.Project, method, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.House.URL()+"/synchook.v1."+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s is answered %s %q", method, resp.Status, text)
	}
	return resp.StatusCode, answer
}

func TestPagesForOperatorsAreOpenOrClosedAsPromised(t *testing.T) {
	t.Parallel()
	h := rig.NewHouse(t, rig.HouseOptions{})
	for path, want := range map[string]int{
		"/healthz": http.StatusOK,
		"/readyz":  http.StatusOK,
		"/metrics": http.StatusUnauthorized,
		"/queues/": http.StatusUnauthorized,
	} {
		resp, err := http.Get(h.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s is answered %s, want %d", path, resp.Status, want)
		}
	}
}
