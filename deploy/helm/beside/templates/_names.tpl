{{- define "beside.url" -}}
http://{{ .release }}-{{ .name }}:{{ .port }}
{{- end }}

{{- define "beside.labels" -}}
app.kubernetes.io/name: beside
app.kubernetes.io/instance: {{ .release }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "beside.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
