using MfpClip.Data.Procedural.Noise;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests.Cuda;

/// <summary>On a CUDA device every method trains as it trains on the CPU.</summary>
public class CudaTrainingTests
{
    public static TheoryData<string> Trained => [.. DetectorRegistry.Default.Methods.Where(m => m.Description.IsTrained).Select(m => m.Description.Id)];

    [SkippableTheory]
    [MemberData(nameof(Trained))]
    public void Every_method_has_the_loss_and_the_gradients_of_the_cpu(string method)
    {
        using var exact = CudaDevice.Exact();
        var (loss, gradients) = Gradients(method, "cpu");
        var (other, found) = Gradients(method, "cuda");

        Assert.Equal(loss, other, 1e-3 * Math.Max(1, Math.Abs(loss)));
        Assert.Equal(gradients.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        double largest = gradients.Max(g => g.Value.Max(v => Math.Abs(v)));
        foreach (var (name, expected) in gradients)
        {
            double scale = Math.Max(expected.Max(v => Math.Abs(v)), 1e-4 * largest), worst = expected.Zip(found[name]).Max(p => Math.Abs(p.First - p.Second));
            Assert.True(worst <= 0.01 * scale, $"{name}: gradients differ by {worst:g3}, the largest is {scale:g3}");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Trained))]
    public void A_run_can_be_broken_off_and_detects_afterwards(string method)
    {
        using var exact = CudaDevice.Exact();
        using var folder = new TestFolder();
        TrainingResult? result = null;
        foreach (long? steps in new long?[] { 1, null })
        {
            using var detector = Small.Method(method).UseDevice("cuda").Build();
            var recipe = detector.GetTrainable().Recipe with { Epochs = 1, BatchSize = 1, MosaicProbability = 0.5 };
            result = new Trainer(detector, Small.Data(2), new()
            {
                OutputFolder = folder["run"], Recipe = recipe, Resume = true, MaximumSteps = steps, Workers = 1, DrawCurves = false, WriteTensorBoard = false,
            }).Run();
        }

        Assert.Equal(4, result!.Steps);
        var image = ImageInput.FromPixels(Small.Data().Load(1).Image, "a");
        using var onCuda = Small.Method(method).UseDevice("cuda").WithModuleWeights(result.ModulesPath).Build();
        using var onCpu = Small.Method(method).WithModuleWeights(result.ModulesPath).Build();
        Assert.Equal(onCpu.Detect(image).Score, onCuda.Detect(image).Score, 1e-3f);
    }

    private static (double Loss, Dictionary<string, float[]> Gradients) Gradients(string method, string device)
    {
        using var scope = torch.NewDisposeScope();
        using var detector = Small.Method(method).UseDevice(device).Build();
        var trained = detector.GetTrainable();
        var source = new SampleSource(Small.Data(), detector.Settings.Input.Preprocessor, new(), 0);
        var loader = new BatchLoader(source, 2, new() { BatchSize = 2 }, 0);
        foreach (var (_, weight) in trained.TrainedWeights)
        {
            weight.requires_grad = true;
        }

        var loss = trained.Loss(loader.ToTensors([source.At(0, 0, 0), source.At(3, 0, 1)]), ForwardContext.Default).Total;
        loss.backward();
        var all = new Dictionary<string, float[]>();
        foreach (var (name, weight) in trained.TrainedWeights.Where(w => w.Value.grad is not null))
        {
            all[name] = weight.grad!.cpu().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
        }

        Assert.Contains(all, g => g.Value.Any(v => Math.Abs(v) > 1e-6));
        return (loss.cpu().to_type(ScalarType.Float64).item<double>(), all);
    }
}
