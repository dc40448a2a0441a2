{{- /* The pod, the same under a StatefulSet and a Deployment. */ -}}
{{- define "sluice.pod" -}}
metadata:
  labels:
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "sluice.labels" . | nindent 4 }}
    app.kubernetes.io/component: dispatcher
  annotations:
    checksum/config: {{ include "sluice.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sluice.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "sluice.graceSeconds" . }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if or .Values.agent.image .Values.initContainers }}
  initContainers:
    {{- with .Values.agent.image }}
    - name: agent
      image: {{ . | quote }}
      command: ["cp", "-r", "{{ $.Values.agent.source }}/.", "/agent"]
      resources:
        requests:
          cpu: 50m
          memory: 64Mi
        limits:
          memory: 128Mi
      securityContext:
        {{- include "sluice.containerSecurity" $ | nindent 8 }}
      volumeMounts:
        - name: agent
          mountPath: /agent
    {{- end }}
    {{- with .Values.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: sluice
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        {{- include "sluice.env" . | nindent 8 }}
      ports:
        - name: http
          containerPort: {{ .Values.ports.http }}
          protocol: TCP
        - name: management
          containerPort: {{ .Values.ports.management }}
          protocol: TCP
      startupProbe:
        httpGet:
          path: /actuator/health/liveness
          port: management
        {{- toYaml .Values.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet:
          path: /actuator/health/liveness
          port: management
        {{- toYaml .Values.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet:
          path: /actuator/health/readiness
          port: management
        {{- toYaml .Values.probes.readiness | nindent 8 }}
      {{- if .Values.shutdown.preStopSeconds }}
      lifecycle:
        preStop:
          exec:
            command: ["sleep", "{{ .Values.shutdown.preStopSeconds }}"]
      {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- include "sluice.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- if not (include "sluice.shared" .) }}
        - name: data
          mountPath: /data
        {{- end }}
        - name: tmp
          mountPath: /tmp
        - name: config
          mountPath: /etc/sluice
          readOnly: true
        {{- if .Values.security.keysSecret }}
        - name: keys
          mountPath: /etc/sluice-keys
          readOnly: true
        {{- end }}
        {{- range .Values.configSecrets }}
        - name: secret-{{ . }}
          mountPath: /etc/sluice-secrets/{{ . }}
          readOnly: true
        {{- end }}
        {{- if .Values.agent.image }}
        - name: agent
          mountPath: /agent
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    # Temporary files of the JVM and of Tomcat; an agent may want room here, too.
    - name: tmp
      emptyDir:
        sizeLimit: {{ .Values.tmp.sizeLimit }}
    - name: config
      configMap:
        name: {{ include "sluice.fullname" . }}
    {{- if .Values.security.keysSecret }}
    - name: keys
      secret:
        secretName: {{ .Values.security.keysSecret }}
    {{- end }}
    {{- range .Values.configSecrets }}
    - name: secret-{{ . }}
      secret:
        secretName: {{ . }}
    {{- end }}
    {{- if .Values.agent.image }}
    - name: agent
      emptyDir:
        sizeLimit: 256Mi
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if and (include "sluice.shared" .) .Values.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "sluice.stableLabels" $ | nindent 10 }}
      matchLabelKeys: ["pod-template-hash"]
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{- define "sluice.env" -}}
{{- $postgresql := .Values.store.postgresql -}}
- name: SPRING_CONFIG_ADDITIONAL_LOCATION
  value: file:/etc/sluice/
{{- $imports := .Values.configImports -}}
{{- if .Values.configSecrets -}}
{{- $imports = prepend $imports "configtree:/etc/sluice-secrets/*/" -}}
{{- end -}}
{{- if .Values.security.keysSecret -}}
{{- $imports = prepend $imports "file:/etc/sluice-keys/keys.yaml" -}}
{{- end -}}
{{- with $imports }}
- name: SPRING_CONFIG_IMPORT
  value: {{ join "," . | quote }}
{{- end }}
- name: JDK_JAVA_OPTIONS
  value: {{ if .Values.agent.image }}{{ printf "-javaagent:/agent/%s %s" .Values.agent.jar .Values.java.options | trim | quote }}{{ else }}{{ .Values.java.options | quote }}{{ end }}
{{- if include "sluice.shared" . }}
{{- with $postgresql.url }}
- name: SPRING_DATASOURCE_URL
  value: {{ . | quote }}
{{- end }}
{{- with $postgresql.existingSecret }}
{{- range $name, $key := dict "SPRING_DATASOURCE_URL" $postgresql.urlKey "SPRING_DATASOURCE_USERNAME" $postgresql.usernameKey "SPRING_DATASOURCE_PASSWORD" $postgresql.passwordKey }}
{{- if and $key (not (and $postgresql.url (eq $name "SPRING_DATASOURCE_URL"))) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $postgresql.existingSecret }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.agent.env }}
{{ toYaml . }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
