using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Objectives;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Pipeline;

/// <summary>A composed method as a detector runs it: the pipeline with its text cache. Owns the parts.</summary>
internal sealed class ModulePass : IDetectionPass
{
    private readonly PipelineParts _parts;
    private readonly ModulePipeline _pipeline;
    private readonly TextCache _texts;
    private readonly ITrainingObjective? _objective;

    public ModulePass(
        PipelineParts parts, ITokenizer tokenizer, PromptTemplates templates, Func<IDetectorModule, string> moduleSource, string method,
        ITrainingObjective? objective,
        Func<string, (string Implementation, string Settings)>? identify = null)
    {
        (_parts, Method, _objective) = (parts, method, objective);
        _pipeline = new(parts);
        _texts = new(tokenizer, templates, parts, _pipeline);
        Stages =
        [
            parts.Backbone.Describe(),
            .. parts.ImageToText.ReadsSentences ? [Sentences(templates)] : Array.Empty<StageDescription>(),
            new StageDescription
            {
                Id = "stages", Settings = SettingsJson.Of(new { parts.Stages.Taps }), Stage = "stages",
                Component = $"taps after blocks {string.Join(", ", parts.Stages.Taps)}",
            },
            .. parts.Cnn is { } cnn ? [cnn.Describe()] : Array.Empty<StageDescription>(),
            .. parts.Slots.Select(s => WithIdentity(s.Key, s.Value, WithWeights(s.Value, moduleSource(s.Value)), identify)),
        ];
    }

    public string Method { get; }

    public IReadOnlyList<StageDescription> Stages { get; }

    public ITrainableMethod? Trainable => _objective is null ? null
        : new PipelineTraining(_parts, _pipeline, _texts, Method, _objective) is { TrainedWeights.Count: > 0 } training ? training : null;

    public IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => ModuleCheckpoint.Collect(_parts.Checkpointed);

    public Device Device => _parts.Backbone.Vision.Device;

    public ScalarType Precision => _parts.Backbone.Vision.Precision;

    public double MapMaximum => _parts.Map.Maximum(_parts.Stages.Count);

    /// <summary>What it is made of, for checkpoints.</summary>
    public PipelineParts Parts => _parts;

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var image = new ImageContext(_parts.Backbone, _parts.Cnn, images, _parts.Stages, context);
        var output = _texts.With(className, context, (sentences, texts) => _pipeline.Forward(image, sentences, texts, region?.to(Device)));
        return (output.Map.MoveToOuterDisposeScope(), output.Score.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    /// <remarks>What the pass, its backbone or the vision tower offers.</remarks>
    public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(this) ? this
        : _parts.Backbone.GetService(serviceType) ?? _parts.Backbone.Vision.GetService(serviceType);

    public void Dispose()
    {
        _texts.Dispose();
        foreach (var module in _parts.Modules)
        {
            module.Dispose();
        }

        _parts.Cnn?.Dispose();
        _parts.Backbone.Dispose();
    }

    private static StageDescription Sentences(PromptTemplates templates) => new()
    {
        Id = "templates",
        Settings = SettingsJson.Of(templates),
        Stage = "prompt templates",
        Component = $"{templates.NormalStates.Count} normal and {templates.AbnormalStates.Count} abnormal states in {templates.Templates.Count} templates",
        Options = new Dictionary<string, string>
        {
            ["templates"] = string.Join(" | ", templates.Templates.Take(3)),
            ["normal"] = string.Join(" | ", templates.NormalStates.Take(3)),
            ["abnormal"] = string.Join(" | ", templates.AbnormalStates.Take(3)),
        },
    };

    private static StageDescription WithIdentity(
        string slot, IDetectorModule module, StageDescription description, Func<string, (string Implementation, string Settings)>? identify)
    {
        var (implementation, settings) = identify?.Invoke(slot)
            ?? (description.Implementation.Length > 0 ? description.Implementation : module.GetType().FullName!, description.Settings);
        return description with { Id = slot, Implementation = implementation, Settings = settings };
    }

    private static StageDescription WithWeights(IDetectorModule module, string source)
    {
        var description = module.Describe();
        if (description.Weights.Count > 0 || module.Weights.Count == 0)
        {
            return description;
        }

        return description with { Weights = [new(source, TensorHash.Of(module.Weights), module.Weights.Sum(w => w.Value.numel()))] };
    }
}
