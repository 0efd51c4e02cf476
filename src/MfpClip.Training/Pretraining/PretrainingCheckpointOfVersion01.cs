using System.Globalization;
using MfpClip.Training.Checkpoints;
using MfpClip.Weights;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// The checkpoint of an interrupted pretraining as version 0.1 wrote it: today's tensors, some under other names, the step, and the settings as
/// one text. It is only read; the next checkpoint replaces it in today's format.
/// </summary>
internal static class PretrainingCheckpointOfVersion01
{
    private const string Format = "mfpclip-pretraining-1";

    /// <summary>Lets a session continue from one. Nothing is changed unless everything fits.</summary>
    /// <param name="session">Session at its start.</param>
    /// <param name="path">Checkpoint of any format.</param>
    /// <param name="options">Settings of the run that continues.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch under these settings.</param>
    /// <returns>Whether it is one of version 0.1; otherwise nothing is done.</returns>
    /// <exception cref="WeightsException">It is damaged.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="TrainingException">It belongs to a pretraining with other settings.</exception>
    public static bool TryResume(TrainingSession session, string path, PretrainingOptions options, int stepsPerEpoch)
    {
        // Closed again before the run replaces it.
        using var file = WeightFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
        {
            return false;
        }

        CheckSettings(file, options);
        session.Resume((optimizer, average) => Load(file, stepsPerEpoch, session.Weights, optimizer, average));
        return true;
    }

    private static TrainingState Load(
        IWeightFile file, int stepsPerEpoch, IReadOnlyList<KeyValuePair<string, Tensor>> weights, AdamOptimizer optimizer,
        IReadOnlyList<KeyValuePair<string, Tensor>> average)
    {
        if (!long.TryParse(file.Metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            || stepsPerEpoch < 1 || step / stepsPerEpoch > int.MaxValue)
        {
            throw new WeightsException(file.Path, "its step is damaged.");
        }

        var targets = Named("weights", weights).Concat(Named("moments", optimizer.State)).Concat(Named("average", average)).ToList();
        ShapeCheck.Require(file, targets.Select(t => (t.Key, t.Value.shape)), "this pretraining");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var values = targets.Select(t => file.Read(t.Key)).ToList();
        for (int i = 0; i < targets.Count; i++)
        {
            targets[i].Value.copy_(values[i]);
        }

        optimizer.Steps = step;
        // Losses and norms of earlier steps were not kept: the history begins here.
        return new() { Epoch = (int)(step / stepsPerEpoch), Step = (int)(step % stepsPerEpoch), TotalSteps = step };
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Named(string prefix, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        tensors.Select(t => new KeyValuePair<string, Tensor>($"{prefix}.{t.Key}", t.Value));

    private static void CheckSettings(IWeightFile file, PretrainingOptions options)
    {
        var settings = Settings(options);
        string wanted = $"PretrainingOptions {{ {string.Join(", ", settings.Select(s => $"{s.Name} = {s.Value}"))} }}{options.Model.ToJson()}";
        if (file.Metadata.GetValueOrDefault("options") is not { } stored || !stored.StartsWith("PretrainingOptions {", StringComparison.Ordinal))
        {
            throw new WeightsException(file.Path, "its settings are damaged.");
        }

        if (stored != wanted)
        {
            var other = settings.Select((s, i) => (s.Name, s.Value, Stored: Value(stored, s.Name, i + 1 < settings.Count ? settings[i + 1].Name : null)))
                .Where(s => s.Stored != s.Value)
                .Select(s => $"{(s.Name == "WindowShare" ? nameof(options.WindowFraction) : s.Name)} is {s.Value}, there {s.Stored ?? "unknown"}").ToList();
            throw new TrainingException(
                $"The checkpoint '{file.Path}' of version 0.1 belongs to a pretraining with other settings "
                + $"({(other.Count > 0 ? string.Join("; ", other) : "another model")}). "
                + "Resume with the settings it was started with, or choose another folder.");
        }
    }

    // The record of version 0.1 as text: its properties in their order and under their names then, without those that were free to change.
    private static IReadOnlyList<(string Name, string Value)> Settings(PretrainingOptions options) =>
    [
        ("Folder", string.Empty), ("CnnPath", string.Empty), ("Model", options.Model.ToString()), ("Images", Text(options.Images)),
        ("ValidationImages", Text(options.ValidationImages)), ("Epochs", "0"), ("BatchSize", Text(options.BatchSize)),
        ("LearningRate", Text(options.LearningRate)), ("WeightDecay", Text(options.WeightDecay)), ("AverageDecay", Text(options.AverageDecay)),
        ("Seed", Text(options.Seed)), ("Device", options.Device), ("Threads", string.Empty), ("CheckpointSteps", "0"),
        ("ModuleDropout", Text(options.ModuleDropout)), ("WindowShare", Text(options.WindowFraction)), ("StyleMixing", Text(options.StyleMixing)),
        ("ChannelDropout", Text(options.ChannelDropout)), ("NameDropout", Text(options.NameDropout)),
    ];

    // The text of a record has its numbers in the culture of the process.
    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.CurrentCulture);

    private static string? Value(string settings, string name, string? next)
    {
        string before = $" {name} = ";
        int start = settings.IndexOf(before, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        start += before.Length;
        int end = settings.IndexOf(next is null ? " }{" : $", {next} = ", start, StringComparison.Ordinal);
        return end < 0 ? null : settings[start..end];
    }
}
