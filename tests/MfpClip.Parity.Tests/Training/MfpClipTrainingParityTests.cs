using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.Mfp;
using MfpClip.Objectives;
using MfpClip.Parity.Tests.MfpClipMethod;
using MfpClip.Pipeline;
using MfpClip.Text;
using MfpClip.Training;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Training;

/// <summary>MFP-CLIP's loss, every gradient and one optimiser step against the independent implementation of docs/method.md section 8.</summary>
public class MfpClipTrainingParityTests
{
    [SkippableFact]
    public void Loss_gradients_and_one_step_agree()
    {
        string folder = Goldens.Family("mfp-clip");
        var manifest = Goldens.Manifest("mfp-clip");
        using var scope = torch.NewDisposeScope();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        using var weights = WeightFile.Open(Path.Combine(folder, "weights.safetensors"));
        var config = manifest.GetProperty("configuration");
        using var clip = GoldenComposition.LoadClip(weights, config);
        var parts = GoldenComposition.Compose("full", clip, config, inputs);
        ModuleCheckpoint.Load(parts.Checkpointed, weights, foreign: _ => true);
        var pipeline = new ModulePipeline(parts);
        using var texts = new TextCache(new GivenIds(inputs["ids"]), PromptTemplates.Paper, parts, pipeline);
        ITrainableMethod method = new PipelineTraining(parts, pipeline, texts, "MFP-CLIP", new MfpClipObjective());
        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        int batch = (int)inputs["images"].shape[0];
        var loss = method.Loss(new()
        {
            Images = ImageBatch.FromNormalized(inputs["images"], parts.Backbone.Normalization), ClassNames = [.. Enumerable.Repeat("object", batch)],
            Labels = inputs["y"].to(ScalarType.Float32), Masks = inputs["gt"].to(ScalarType.Float32), HasMask = [.. Enumerable.Repeat(true, batch)],
        }, ForwardContext.Default);
        double tolerance = manifest.GetProperty("tolerance").GetProperty("losses").GetDouble();
        var terms = loss.Terms.ToDictionary(t => t.Key, t => t.Value);
        var (golden, actual) = (
            new[] { "focal_coarse", "dice_coarse", "focal_final", "dice_final", "bce" },
            new[] { "focal M_c", "dice M_c", "focal M_f", "dice M_f", "BCE S" });
        for (int i = 0; i < golden.Length; i++)
        {
            Goldens.Close(golden[i], expected[$"train.{golden[i]}"], torch.tensor(terms[actual[i]]), tolerance);
        }

        Goldens.Close("total", expected["train.total"], loss.Total, tolerance);
        loss.Total.backward();
        var trained = method.TrainedWeights.ToDictionary(w => w.Key, w => w.Value);
        Assert.Equal(
            expected.Keys.Where(k => k.StartsWith("train.grad.", StringComparison.Ordinal)).Select(k => k["train.grad.".Length..]).Order(),
            trained.Keys.Order());
        foreach (var (name, weight) in trained)
        {
            var gradient = expected[$"train.grad.{name}"];
            double largest = gradient.abs().max().item<float>();
            Goldens.Close($"gradient of {name}", gradient, weight.grad!, Math.Max(1e-5, 1e-3 * largest));
        }

        using var adam = new AdamOptimizer(method.Recipe, method.TrainedWeights);
        adam.Step(method.Recipe.LearningRate * method.Recipe.Factor(0));
        foreach (var (name, weight) in trained)
        {
            // The first step moves a parameter by the rate times the sign of its gradient: noise decides where the gradient is nearly 0.
            var counts = (expected[$"train.grad.{name}"].abs() > 1e-6).to(ScalarType.Float32);
            Goldens.Close($"{name} after a step", expected[$"train.after.{name}"] * counts, weight.detach() * counts, 1e-5);
        }
    }

    /// <summary>The golden's token ids: the first row for the normal sentence, the second for the abnormal one.</summary>
    private sealed class GivenIds(Tensor ids) : ITokenizer
    {
        public int VocabSize => 512;

        public IReadOnlyList<int> Encode(string text) => [1];

        public long[] EncodePadded(string text, int contextLength = 77) =>
            ids[text.Contains("abnormal", StringComparison.Ordinal) ? 1 : 0].to(ScalarType.Int64).data<long>().ToArray();
    }
}
