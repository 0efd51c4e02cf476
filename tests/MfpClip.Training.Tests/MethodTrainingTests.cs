using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests;

/// <summary>The trainer knows no method: what holds for one holds for all.</summary>
public class MethodTrainingTests
{
    public static TheoryData<string> Trained => [.. DetectorRegistry.Default.Methods.Where(m => m.Description.IsTrained).Select(m => m.Description.Id)];

    [Theory]
    [MemberData(nameof(Trained))]
    public void Every_method_trains_and_resumes_to_the_same_bits(string method)
    {
        using var folder = new TestFolder();
        var whole = Run(method, folder["whole"], null);
        Run(method, folder["parts"], 1);
        Run(method, folder["parts"], 3);
        var parts = Run(method, folder["parts"], null);

        Assert.Equal(whole.TrainedHash, parts.TrainedHash);
        Assert.Equal(whole.FrozenHash, parts.FrozenHash);
        Assert.Equal(4, parts.Steps);
        Assert.NotEqual(WeightsHash.Of(Build(method, out var start).GetTrainable().TrainedWeights), whole.TrainedHash);
        start.Dispose();
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public void A_trained_detector_detects_as_one_that_loads_its_modules(string method)
    {
        using var folder = new TestFolder();
        Build(method, out var detector);
        using (detector)
        {
            var image = ImageInput.FromPixels(Small.Data().Load(1).Image, "a");
            var options = new DetectionOptions { ClassName = "gear" };
            float before = detector.Detect(image, options).Score; // keeps the texts of untrained weights
            var recipe = detector.GetTrainable().Recipe with { Epochs = 1, BatchSize = 1, LearningRate = 0.01 };
            var result = new Trainer(detector, Small.Data(2),
                new() { OutputFolder = folder["run"], Recipe = recipe, Workers = 0, DrawCurves = false, WriteTensorBoard = false }).Run();
            using var loaded = Small.Method(method).WithModuleWeights(result.ModulesPath).Build();

            var (own, read) = (detector.Detect(image, options), loaded.Detect(image, options));

            Assert.Equal(read.Score, own.Score, 1e-6f);
            Assert.All(read.ModelMap.Data.Zip(own.ModelMap.Data), p => Assert.Equal(p.First, p.Second, 1e-6f));
            using var untrained = Small.Method(method).Build();
            Assert.True(before != own.Score
                || !read.ModelMap.Data.SequenceEqual(untrained.Detect(image, options).ModelMap.Data), "training changed nothing that can be seen");
        }
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public void Recomputed_activations_give_the_same_gradients(string method)
    {
        Build(method, out var detector);
        using (detector)
        {
            var kept = Gradients(detector, 0);
            foreach (int blocks in new[] { 1, 4 })
            {
                foreach (var (name, (gradient, largest)) in Gradients(detector, blocks))
                {
                    // Where a tensor has several readers, their gradients are added in another order: rounding, nothing else.
                    Assert.All(kept[name].Values.Zip(gradient), p => Assert.True(
                        Math.Abs(p.First - p.Second) <= 1e-7 + (2e-5 * largest),
                        $"{name} with {blocks} blocks recomputed: {p.First:g9}, {p.Second:g9}, largest {largest:g3}"));
                }
            }
        }
    }

    [Fact]
    public void The_loss_of_a_mixed_batch_is_the_mean_over_its_images()
    {
        using var detector = Small.Builder().Build();
        var method = detector.GetTrainable();
        using var scope = torch.NewDisposeScope();
        var data = new ProceduralTrainingData(["fabric", "gear"], 3, 64, 2);
        var source = new SampleSource(data, detector.Settings.Input.Preprocessor, new(), 0);
        PreparedSample[] samples = [source.At(0, 0, 0), source.At(3, 0, 1), source.At(4, 0, 2), source.At(2, 0, 3) with { Mask = null, IsAnomalous = true }];
        var loader = new BatchLoader(source, 4, new() { BatchSize = 4 }, 0);

        var together = method.Loss(loader.ToTensors(samples), ForwardContext.Default).Terms.ToDictionary(t => t.Key, t => t.Value);
        var single = samples.Select(s => method.Loss(loader.ToTensors([s]), ForwardContext.Default).Terms.ToDictionary(t => t.Key, t => t.Value)).ToList();

        Assert.Equal(4, single.Count(t => t.ContainsKey("BCE S")));
        Assert.Equal(3, single.Count(t => t.ContainsKey("focal M_c"))); // one has no mask
        foreach (var (term, value) in together)
        {
            Assert.Equal(single.Where(t => t.ContainsKey(term)).Average(t => t[term]), value, 1e-4);
        }
    }

    [Fact]
    public void A_method_without_weights_is_refused_in_words()
    {
        var builder = new ZeroShotDetectorBuilder();
        builder.UseMethod("winclip");
        using var detector = builder.UseRandomBackbone(Small.Clip, 1).WithImageSize(56).Build();
        var error = Assert.Throws<DetectorConfigurationException>(() => new Trainer(detector, Small.Data(), new() { OutputFolder = "unused" }));
        Assert.Contains("no weights to train", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, (float[] Values, double Largest)> Gradients(ZeroShotDetector detector, int recomputed)
    {
        using var scope = torch.NewDisposeScope();
        var method = detector.GetTrainable();
        var source = new SampleSource(Small.Data(), detector.Settings.Input.Preprocessor, new(), 0);
        var loader = new BatchLoader(source, 2, new() { BatchSize = 2 }, 0);
        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad = true;
        }

        method.Loss(loader.ToTensors([source.At(0, 0, 0), source.At(3, 0, 1)]), new() { RecomputedBlocks = recomputed }).Total.backward();
        var all = new Dictionary<string, (float[], double)>();
        foreach (var (name, weight) in method.TrainedWeights.Where(w => w.Value.grad is not null))
        {
            float[] values = weight.grad!.data<float>().ToArray();
            all[name] = (values, values.Max(Math.Abs));
            weight.grad.Dispose();
            weight.grad = null;
        }

        Assert.Contains(all, g => g.Value.Item2 > 1e-6);
        return all;
    }

    private static TrainingResult Run(string method, string output, long? steps)
    {
        using var detector = Build(method, out _);
        var recipe = detector.GetTrainable().Recipe with { Epochs = 1, BatchSize = 1, MosaicProbability = 0.5 };
        return new Trainer(detector, Small.Data(2), new()
        {
            OutputFolder = output, Recipe = recipe, Resume = true, MaximumSteps = steps, Workers = 1, DrawCurves = false, WriteTensorBoard = false,
        }).Run();
    }

    private static ZeroShotDetector Build(string method, out ZeroShotDetector detector) => detector = Small.Method(method).Build();
}
