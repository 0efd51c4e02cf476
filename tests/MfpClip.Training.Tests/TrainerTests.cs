using System.Text.Json;

namespace MfpClip.Training.Tests;

public class TrainerTests
{
    [Fact]
    public void Loss_falls_only_modules_change_and_the_modules_load_into_a_detector()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var method = detector.GetTrainable();
        string frozen = WeightsHash.Of(method.FrozenWeights), trained = WeightsHash.Of(method.TrainedWeights);
        Assert.Contains(method.FrozenWeights, w => w.Key.StartsWith("backbone.visual", StringComparison.Ordinal));
        Assert.Contains(method.FrozenWeights, w => w.Key.StartsWith("cnn.conv1", StringComparison.Ordinal));

        var result = new Trainer(detector, Small.Data(), Small.Options(folder["run"]) with { Recipe = Small.Recipe with { Epochs = 6 } }).Run();

        Assert.True(result.IsComplete);
        Assert.Equal(24, result.Steps); // 8 images in batches of 2, 6 epochs
        Assert.True(result.Epochs[^1].Loss < result.Epochs[0].Loss, $"{result.Epochs[0].Loss} -> {result.Epochs[^1].Loss}");
        Assert.Equal(1e-3 / 6, result.Epochs[^1].LearningRate, 1e-12);
        Assert.Equal(frozen, WeightsHash.Of(detector.GetTrainable().FrozenWeights));
        Assert.NotEqual(trained, result.TrainedHash);
        Assert.All(method.TrainedWeights, w => Assert.False(w.Value.requires_grad));
        using var loaded = Small.Builder().WithModuleWeights(result.ModulesPath).Build();
        Assert.Equal(result.TrainedHash, WeightsHash.Of(loaded.GetTrainable().TrainedWeights));
        using var manifest = JsonDocument.Parse(File.ReadAllText(folder["run/training.json"]));
        Assert.Equal(result.FrozenHash, manifest.RootElement.GetProperty("hashes").GetProperty("frozen").GetString());
        Assert.Equal(6, manifest.RootElement.GetProperty("epochs").GetArrayLength());
        byte[] png = File.ReadAllBytes(folder["run/curves.png"]);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
    }

    [Fact]
    public void A_detector_sees_what_it_was_trained_to()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var image = ImageInput.FromPixels(Small.Data().Load(0).Image, "a");
        float before = detector.Detect(image).Score;
        new Trainer(detector, Small.Data(), Small.Options(folder["run"])).Run();
        Assert.NotEqual(before, detector.Detect(image).Score);
    }

    [Fact]
    public void Only_named_modules_change()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var before = detector.GetTrainable().TrainedWeights.ToDictionary(w => w.Key, w => w.Value.data<float>().ToArray());

        new Trainer(detector, Small.Data(), Small.Options(folder["run"]) with { Modules = ["mpfa", "mp"] }).Run();

        foreach (var (name, weight) in detector.GetTrainable().TrainedWeights)
        {
            bool changed = !before[name].AsSpan().SequenceEqual(weight.data<float>().ToArray());
            Assert.True(changed == (name.StartsWith("mpfa.", StringComparison.Ordinal) || name.StartsWith("mp.", StringComparison.Ordinal)), name);
        }
    }

    [Fact]
    public void Cancelled_and_resumed_training_ends_with_the_same_bits()
    {
        using var folder = new TestFolder();
        byte[] whole = Run(folder["whole"], maximum: null);
        using (var detector = Small.Builder().Build())
        {
            using var cancel = new CancellationTokenSource();
            var progress = new ProgressCallback(p =>
            {
                if (p is { Epoch: 1, Step: 1 })
                {
                    cancel.Cancel();
                }
            });
            Assert.Throws<OperationCanceledException>(() => new Trainer(detector, Small.Data(), Options(folder["parts"], null)).Run(progress, cancel.Token));
        }

        Assert.Equal(whole, Run(folder["parts"], maximum: null, resume: true));
    }

    [Fact]
    public void A_run_of_few_steps_at_a_time_ends_with_the_same_bits()
    {
        using var folder = new TestFolder();
        byte[] whole = Run(folder["whole"], maximum: null);
        for (int steps = 1; steps < 8; steps += 3)
        {
            Run(folder["parts"], maximum: steps, resume: true);
        }

        Assert.Equal(whole, Run(folder["parts"], maximum: null, resume: true));
    }

    [Fact]
    public void A_folder_that_holds_a_training_is_neither_overwritten_nor_resumed_by_another()
    {
        using var folder = new TestFolder();
        Run(folder["run"], maximum: 2);
        using var detector = Small.Builder().Build();
        Assert.Throws<TrainingException>(() => new Trainer(detector, Small.Data(), Options(folder["run"], null)));
        var otherData = Assert.Throws<TrainingException>(
            () => new Trainer(detector, Small.Data(seed: 9), Options(folder["run"], null) with { Resume = true }).Run());
        Assert.Contains("other data", otherData.Message, StringComparison.Ordinal);
        var otherRecipe = Assert.Throws<TrainingException>(() => new Trainer(
            detector, Small.Data(), Options(folder["run"], null) with { Resume = true, Recipe = Small.Recipe with { LearningRate = 1 } }).Run());
        Assert.Contains("another recipe", otherRecipe.Message, StringComparison.Ordinal);
        using var other = Small.Builder().WithoutMultiPatch().Build();
        Assert.Throws<TrainingException>(() => new Trainer(other, Small.Data(), Options(folder["run"], null) with { Resume = true }).Run());
    }

    [Fact]
    public void A_diverging_run_says_so_and_keeps_the_last_good_checkpoint()
    {
        using var folder = new TestFolder();
        Run(folder["run"], maximum: 2);
        byte[] good = File.ReadAllBytes(folder["run/checkpoint.safetensors"]);
        using var detector = Small.Builder().Build();
        var trainer = new Trainer(detector, Small.Data(), Options(folder["run"], null) with { Resume = true });
        // What breaks here is a weight, as an optimiser that overshoots would break it.
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Run(new ProgressCallback(_ => Poison(detector))));
        Assert.Equal(folder["run/checkpoint.safetensors"], error.Checkpoint);
        Assert.Equal(good, File.ReadAllBytes(folder["run/checkpoint.safetensors"]));
    }

    [Fact]
    public void Frozen_weights_that_change_are_noticed()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var frozen = detector.GetTrainable().FrozenWeights[0].Value;
        var trainer = new Trainer(detector, Small.Data(), Small.Options(folder["run"]));
        Assert.Throws<FrozenWeightsChangedException>(() => trainer.Run(new ProgressCallback(_ =>
        {
            using var guard = torch.no_grad();
            frozen.add_(1e-3);
        })));
    }

    [Fact]
    public void Faults_are_listed_together()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var error = Assert.Throws<DetectorConfigurationException>(() => new Trainer(detector, Small.Data(), Small.Options(folder["run"]) with
        {
            Modules = ["nothing"], Recipe = Small.Recipe with { Epochs = 0, Beta1 = 2 }, Workers = -1,
        }));
        Assert.Equal(4, error.Faults.Count);
    }

    [Fact]
    public void The_average_of_the_weights_takes_their_place_at_the_end()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        var weight = detector.GetTrainable().TrainedWeights.First(w => w.Key == "mpfa.linear1.weight").Value;
        var average = weight.data<float>().ToArray();
        var recipe = Small.Recipe with { AverageDecay = 0.75, Epochs = 1 };
        new Trainer(detector, Small.Data(), Small.Options(folder["run"]) with { Recipe = recipe }).Run(new ProgressCallback(_ =>
        {
            var now = weight.detach().data<float>().ToArray();
            average = [.. average.Zip(now, (a, w) => (0.75f * a) + (0.25f * w))];
        }));
        var final = weight.data<float>().ToArray();
        Assert.All(average.Zip(final), p => Assert.Equal(p.First, p.Second, 1e-6f));
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        using var folder = new TestFolder();
        using var detector = Small.Builder().Build();
        Run(0);
        long before = Settle();
        Run(1);
        Run(2);
        Assert.Equal(before, Settle());

        void Run(int i) => new Trainer(detector, Small.Data(), Small.Options(folder[$"{i}"])).Run();
    }

    private static long Settle()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return torch.Tensor.TotalCount;
    }

    private static void Poison(ZeroShotDetector detector)
    {
        using var guard = torch.no_grad();
        detector.GetTrainable().TrainedWeights[0].Value.fill_(float.NaN);
    }

    private static TrainerOptions Options(string folder, long? maximum) => Small.Options(folder) with { MaximumSteps = maximum, DrawCurves = false };

    private static byte[] Run(string folder, long? maximum, bool resume = false)
    {
        using var detector = Small.Builder().Build();
        new Trainer(detector, Small.Data(), Options(folder, maximum) with { Resume = resume }).Run();
        return File.ReadAllBytes(Path.Combine(folder, "modules.safetensors"));
    }

    private sealed class ProgressCallback(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}
