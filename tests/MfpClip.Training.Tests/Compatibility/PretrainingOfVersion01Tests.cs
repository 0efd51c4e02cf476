using System.IO.Compression;
using System.Text.Json;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Training.Checkpoints;
using MfpClip.Training.Pretraining;
using MfpClip.Weights;

namespace MfpClip.Training.Tests.Compatibility;

/// <summary>A pretraining that version 0.1 (commit 99bb859) stopped after 8 of 12 steps is continued.</summary>
/// <remarks>
/// The checkpoint was written by version 0.1 from the settings below and is never written again. Before its step 4 the embeddings of words that do
/// not occur were set to zero, so that the file is small; it is packed, since most of it is these zeros.
/// </remarks>
public sealed class PretrainingOfVersion01Tests : IDisposable
{
    private const int StepsPerEpoch = 3;

    // Mean loss of steps 9 to 12 where version 0.1 went on itself.
    private const double Loss = 14.30274;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_interrupted_pretraining_of_version_0_1_is_continued()
    {
        Unpack("checkpoint.safetensors");
        long? first = null;
        long last = 0;
        double? loss = null;

        Pretrainer.Run(new ProceduralSource(64, 3), Options, new Call(p =>
        {
            if (p.Phase == "validation")
            {
                first ??= p.Done;
            }

            (last, loss) = p.Phase == "training" ? (p.Done, p.Loss) : (last, loss);
        }));

        Assert.Equal(9, first); // the end of the epoch in which it was stopped
        Assert.Equal(12, last);
        // The CNN is a random one, and not on every processor the same.
        if (StoppedTraining.RandomNumbers() == StoppedTraining.Expected.RandomNumbers)
        {
            Assert.Equal(Loss, loss!.Value, 1e-3);
        }

        using var file = WeightFile.Open(_folder["checkpoint.safetensors"]);
        Assert.Equal((4, 0, 12L), Position(file));
        Assert.Equal("12", file.Metadata["optimizer_steps"]);
        Assert.Equal(4, file.Read("losses").numel()); // of the steps from 9 on
    }

    [Fact]
    public void Weights_moments_average_and_step_of_version_0_1_are_taken_over_exactly()
    {
        Unpack("old.safetensors");
        using var scope = torch.NewDisposeScope();
        using var old = WeightFile.Open(_folder["old.safetensors"]);
        using (var session = Session(old))
        {
            Assert.True(PretrainingCheckpointOfVersion01.TryResume(session, old.Path, Options, StepsPerEpoch));
            Assert.Equal((2, 2, 8L), (session.State.Epoch, session.State.Step, session.State.TotalSteps));
            session.Save();
        }

        using var now = WeightFile.Open(_folder["checkpoint.safetensors"]);
        Assert.Equal((2, 2, 8L), Position(now));
        Assert.Equal("8", now.Metadata["optimizer_steps"]);
        Assert.Equal(old.Tensors.Count, now.Tensors.Count);
        foreach (string name in old.Tensors.Keys)
        {
            string today = name.StartsWith("moments.", StringComparison.Ordinal) ? "optimizer." + name["moments.".Length..] : name;
            Assert.True(old.Read(name).equal(now.Read(today)).all().item<bool>(), name);
        }
    }

    [Fact]
    public void A_pretraining_of_version_0_1_with_other_settings_is_refused_by_name_and_kept()
    {
        Unpack("checkpoint.safetensors");
        byte[] before = File.ReadAllBytes(_folder["checkpoint.safetensors"]);

        var error = Assert.Throws<TrainingException>(() => Pretrainer.Run(
            new ProceduralSource(64, 3), Options with { LearningRate = 0.001, WindowFraction = 0.25, Epochs = 9 }));

        Assert.Contains("(LearningRate is 0.001, there 0.005; WindowFraction is 0.25, there 0.5)", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder["checkpoint.safetensors"]));
    }

    [Theory]
    [InlineData("options", "")]
    [InlineData("step", "-1")]
    public void A_damaged_pretraining_of_version_0_1_is_refused(string key, string value)
    {
        Unpack("old.safetensors");
        using var scope = torch.NewDisposeScope();
        using var old = WeightFile.Open(_folder["old.safetensors"]);
        SafetensorsWriter.Write(_folder["damaged.safetensors"], Tensors(old), new Dictionary<string, string>(old.Metadata) { [key] = value });
        SafetensorsWriter.Write(_folder["short.safetensors"], Tensors(old).Skip(1), old.Metadata);
        using var session = Session(old);

        Assert.Throws<WeightsException>(() => Resume("damaged.safetensors"));
        Assert.Throws<WeightsMismatchException>(() => Resume("short.safetensors"));
        Assert.All(session.Weights, w => Assert.True(w.Value.isnan().all().item<bool>(), w.Key));

        bool Resume(string name) => PretrainingCheckpointOfVersion01.TryResume(session, _folder[name], Options, StepsPerEpoch);
    }

    private PretrainingOptions Options => new()
    {
        Folder = _folder.Path, CnnPath = Cnn(), Images = 24, ValidationImages = 8, BatchSize = 8, Epochs = 4, Seed = 3, LearningRate = 5e-3,
        CheckpointSteps = 4, Threads = 1, AverageDecay = 0.5,
        Model = new()
        {
            EmbedDim = 4,
            Vision = new()
            {
                ImageSize = 64, Width = 4, Layers = 4, Heads = 1, PooledGrid = 1, PositionGrid = 1, Kernel = 1, MlpRatio = 1, HalfSize = false,
            },
            Text = new() { VocabSize = 49408, Width = 2, Layers = 1, Heads = 1 },
        },
    };

    // With the file's weights by name and shape; their values, and so those of the average, are not numbers.
    private TrainingSession Session(IWeightFile old)
    {
        const string Prefix = "weights.";
        var weights = old.Tensors.Where(t => t.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(t => new KeyValuePair<string, Tensor>(t.Key[Prefix.Length..], torch.full([.. t.Value.Shape], float.NaN))).ToList();
        return new(
            "pretraining", weights, PretrainingSession.Recipe(Options), 12, new(_folder.Path),
            new("pretraining", null, string.Empty, string.Empty, string.Empty));
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Tensors(IWeightFile file) =>
        file.Tensors.Keys.Select(n => new KeyValuePair<string, Tensor>(n, file.Read(n)));

    private static (int Epoch, int Step, long TotalSteps) Position(IWeightFile file)
    {
        var state = JsonSerializer.Deserialize<TrainingState>(file.Metadata["state"])!;
        return (state.Epoch, state.Step, state.TotalSteps);
    }

    private void Unpack(string name)
    {
        using var packed = new BrotliStream(File.OpenRead(StoppedTraining.Fixture("pretraining.safetensors.br")), CompressionMode.Decompress);
        using var file = File.Create(_folder[name]);
        packed.CopyTo(file);
    }

    private string Cnn()
    {
        string path = _folder["cnn.safetensors"];
        if (!File.Exists(path))
        {
            using var scope = torch.NewDisposeScope();
            SafetensorsWriter.Write(path, EfficientNetLiteWeights.Random(16, head: true, 5));
        }

        return path;
    }

    private sealed class Call(Action<PretrainingProgress> action) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => action(value);
    }
}
