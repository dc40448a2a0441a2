{{- define "sluice.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "sluice.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sluice.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Labels of every pod that dispatches. Flagger gives pods of its own another app.kubernetes.io/name, these stay. */ -}}
{{- define "sluice.stableLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: dispatcher
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "sluice.serviceAccountName" -}}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "sluice.shared" -}}
{{- if eq .Values.store.kind "postgresql" -}}true{{- end -}}
{{- end -}}

{{- define "sluice.replicas" -}}
{{- if kindIs "invalid" .Values.replicas -}}
{{- ternary 2 1 (eq .Values.store.kind "postgresql") -}}
{{- else -}}
{{- .Values.replicas -}}
{{- end -}}
{{- end -}}

{{- /* Whether somebody else decides how many replicas there are. */ -}}
{{- define "sluice.scaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled -}}true{{- end -}}
{{- end -}}

{{- /* Picks the series of this release out of a Prometheus that holds those of others. */ -}}
{{- define "sluice.series" -}}
namespace="{{ .Release.Namespace }}",job="{{ .Release.Name }}"
{{- end -}}

{{- /* Seconds from preStop to SIGKILL. */ -}}
{{- define "sluice.graceSeconds" -}}
{{- add .Values.shutdown.preStopSeconds .Values.shutdown.drainSeconds .Values.shutdown.marginSeconds -}}
{{- end -}}

{{- /* The application's properties: what the chart decides, under what the operator sets. */ -}}
{{- define "sluice.config" -}}
{{- $dispatch := dig "sluice" "dispatch" dict .Values.config -}}
{{- if hasKey $dispatch "drain" -}}
{{- fail "config.sluice.dispatch.drain: set shutdown.drainSeconds instead, which also sets the pod's grace period" -}}
{{- end -}}
{{- if hasKey $dispatch "default-rate" -}}
{{- fail "config.sluice.dispatch.default-rate: set defaultRate instead" -}}
{{- end -}}
{{- if dig "spring" "datasource" "password" "" .Values.config -}}
{{- fail "config.spring.datasource.password: it would lie in a ConfigMap; set store.postgresql.existingSecret instead" -}}
{{- end -}}
{{- if dig "spring" "datasource" "url" "" .Values.config -}}
{{- fail "config.spring.datasource.url: set store.kind and store.postgresql instead" -}}
{{- end -}}
{{- $config := dict
    "server" (dict "port" (int .Values.ports.http))
    "management" (dict "server" (dict "port" (int .Values.ports.management)))
    "spring" (dict "lifecycle" (dict "timeout-per-shutdown-phase" (printf "%ds" (add .Values.shutdown.drainSeconds 5))))
    "sluice" (dict "dispatch" (dict "drain" (printf "%ds" (int .Values.shutdown.drainSeconds))))
-}}
{{- with .Values.defaultRate -}}
{{- if .permits -}}
{{- $_ := set $config.sluice.dispatch "default-rate" (dict "permits" (int64 .permits) "per" (default "1s" .per)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.ecsLogs -}}
{{- $_ := set $config "logging" (dict "structured" (dict "format" (dict "console" "ecs"))) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) -}}
{{- end -}}
