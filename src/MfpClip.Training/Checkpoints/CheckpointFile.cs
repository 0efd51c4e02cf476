using System.Globalization;
using System.Text.Json;
using MfpClip.Detection.Composing;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Weights;

namespace MfpClip.Training.Checkpoints;

/// <summary>What a checkpoint must fit: a run with another identity would not be the same training.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Composition">In checkpoints of version 0.1, a hash over texts for people, which cannot be compared any more; <see langword="null"/>
/// since.</param>
/// <param name="CompositionHash">SHA-256 over the composition and the choice of modules; <see langword="null"/> in checkpoints of version 0.1.</param>
/// <param name="Data">Fingerprint of the data.</param>
/// <param name="Frozen">SHA-256 of the frozen weights.</param>
internal sealed record TrainingIdentity(string Method, string? Composition, string? CompositionHash, string Data, string Frozen);

/// <summary>
/// A training at rest as one safetensors file, written atomically: weights, moments, average, position and history. The optimiser's order
/// and the augmentations follow from seed and position, so no random state needs to be stored.
/// </summary>
internal static class CheckpointFile
{
    internal const string Format = "mfpclip-training-1";

    public static void Save(
        string path, TrainingState state, TrainingIdentity identity, TrainingRecipe recipe, IReadOnlyList<KeyValuePair<string, Tensor>> weights,
        AdamOptimizer optimizer, IReadOnlyList<KeyValuePair<string, Tensor>> average, IReadOnlyList<float> losses)
    {
        using var scope = torch.NewDisposeScope();
        var tensors = weights.Select(w => Named("weights", w)).Concat(optimizer.State.Select(s => Named("optimizer", s)))
            .Concat(average.Select(a => Named("average", a)));
        if (losses.Count > 0)
        {
            tensors = tensors.Append(new("losses", torch.tensor(losses.ToArray())));
        }

        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["state"] = JsonSerializer.Serialize(state, ReflectedJson.Options),
            ["identity"] = JsonSerializer.Serialize(identity, ReflectedJson.Options),
            ["recipe"] = JsonSerializer.Serialize(recipe, ReflectedJson.Options),
            ["optimizer_steps"] = optimizer.Steps.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Puts a checkpoint into weights, optimiser and average. Nothing is changed unless everything fits.</summary>
    /// <returns>Where the training stands, the loss of every step, and whether the file says what was composed: those of version 0.1 do not.</returns>
    /// <exception cref="WeightsException">It is no checkpoint of a training, or damaged.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing or of another shape.</exception>
    /// <exception cref="TrainingException">It belongs to another training.</exception>
    public static (TrainingState State, List<float> Losses, bool HasCompositionHash) Load(
        string path, TrainingIdentity identity, TrainingRecipe recipe, IReadOnlyList<KeyValuePair<string, Tensor>> weights,
        AdamOptimizer optimizer, IReadOnlyList<KeyValuePair<string, Tensor>> average)
    {
        using var file = WeightFile.Open(path);
        if (!file.Metadata.TryGetValue("format", out string? format) || format != Format)
        {
            throw new WeightsException(path, $"it is no checkpoint of a training ('{format ?? "no format"}', not '{Format}').");
        }

        var stored = Read<TrainingIdentity>(file, "identity");
        CheckIdentity(path, stored, identity);
        CheckRecipe(path, Read<TrainingRecipe>(file, "recipe"), recipe);
        var state = Read<TrainingState>(file, "state");
        if (state.Fault(recipe.Epochs) is { } fault)
        {
            throw new WeightsException(path, $"its state is damaged: {fault}. Remove it, and begin anew.");
        }

        if (!long.TryParse(file.Metadata.GetValueOrDefault("optimizer_steps"), NumberStyles.None, CultureInfo.InvariantCulture, out long steps)
            || steps < 0)
        {
            throw new WeightsException(path, "its optimiser steps are damaged.");
        }

        var targets = weights.Select(w => Named("weights", w)).Concat(optimizer.State.Select(s => Named("optimizer", s)))
            .Concat(average.Select(a => Named("average", a))).ToList();
        ShapeCheck.Require(file, targets.Select(t => (t.Key, t.Value.shape)), "this training", foreign: n => n == "losses");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var losses = Losses(file);
        var values = targets.Select(t => Finite(file, t.Key)).ToList();
        for (int i = 0; i < targets.Count; i++)
        {
            targets[i].Value.copy_(values[i]);
        }

        optimizer.Steps = steps;
        return (state, losses, stored.CompositionHash is not null);
    }

    private static List<float> Losses(IWeightFile file)
    {
        if (!file.Tensors.TryGetValue("losses", out var about))
        {
            return [];
        }

        return about.Type == ScalarType.Float32 && about.Shape.Count == 1 ? [.. file.Read("losses").data<float>().ToArray()]
            : throw new WeightsException(file.Path, "its losses are no list of float32 values. Remove it, and begin anew.");
    }

    // Weights and moments that are no numbers would make every later one none, too.
    private static Tensor Finite(IWeightFile file, string name)
    {
        var tensor = file.Read(name);
        return !tensor.is_floating_point() || tensor.numel() == 0 || tensor.isfinite().all().item<bool>() ? tensor : throw new WeightsException(
            file.Path, $"tensor '{name}' holds values that are not finite (NaN or infinity). Remove it, and begin anew.");
    }

    private static KeyValuePair<string, Tensor> Named(string prefix, KeyValuePair<string, Tensor> tensor) => new($"{prefix}.{tensor.Key}", tensor.Value);

    private static void CheckIdentity(string path, TrainingIdentity stored, TrainingIdentity wanted)
    {
        string? other = stored.Method != wanted.Method ? $"the method '{stored.Method}', this is '{wanted.Method}'"
            : stored.Frozen != wanted.Frozen ? "another backbone or CNN"
            : stored.CompositionHash is { } composition && composition != wanted.CompositionHash ? "another composition of modules or other options"
            : stored.Data != wanted.Data ? "other data"
            : null;
        if (other is not null)
        {
            throw new TrainingException($"The checkpoint '{path}' belongs to {other}. Resume with what it was started with, or choose another output folder.");
        }
    }

    // More epochs may be asked for later, where the schedule does not depend on their number.
    private static void CheckRecipe(string path, TrainingRecipe stored, TrainingRecipe wanted)
    {
        var comparable = wanted.Schedule == LearningRateSchedule.Cosine ? stored : stored with { Epochs = wanted.Epochs };
        if (comparable != wanted)
        {
            throw new TrainingException($"The checkpoint '{path}' was written under another recipe ({stored}), this is {wanted}. Resume with the same one, or "
                + $"choose another output folder.");
        }
    }

    private static T Read<T>(IWeightFile file, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata.GetValueOrDefault(name) ?? "null", ReflectedJson.Options)
                ?? throw new JsonException("it is absent");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new WeightsException(file.Path, $"its {name} is damaged ({e.Message}).", e);
        }
    }
}
