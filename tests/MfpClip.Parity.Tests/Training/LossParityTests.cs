using System.Text.Json;
using MfpClip.Objectives.Losses;

namespace MfpClip.Parity.Tests.Training;

/// <summary>Values and gradients of every loss of the golden family.</summary>
public class LossParityTests
{
    [SkippableFact]
    public void Every_loss_and_its_gradient_agrees()
    {
        string folder = Goldens.Family("losses");
        using var scope = torch.NewDisposeScope();
        var tensors = Goldens.Tensors(folder, "losses.safetensors");
        foreach (var entry in Goldens.Json(Path.Combine(folder, "losses.json")).EnumerateArray())
        {
            using var each = torch.NewDisposeScope();
            string name = entry.GetProperty("name").GetString()!;
            var input = tensors[$"{name}.input"].clone().requires_grad_(true);
            var loss = Loss(entry.GetProperty("loss").GetString()!, entry.GetProperty("params"), input, tensors[$"{name}.target"]);
            (loss.numel() > 1 ? loss.sum() : loss).backward();
            Goldens.Near($"{name}.grad", tensors[$"{name}.grad"], input.grad!, absolute: 1e-6, relative: 1e-4);
            var value = entry.TryGetProperty("value", out var v) ? torch.tensor(v.GetDouble()) : tensors[$"{name}.value"];
            Goldens.Near($"{name}.value", value, loss, absolute: 1e-6, relative: 1e-5);
        }
    }

    private static Tensor Loss(string kind, JsonElement p, Tensor input, Tensor target) => kind switch
    {
        "FocalLoss" => Focal(p, input, target),
        "BinaryDiceLoss" => DiceLoss.Mean(input, target),
        "binary_cross_entropy" when Reduction(p) == "mean" => ScoreLoss.BinaryCrossEntropy(input, target),
        "binary_cross_entropy" => F.binary_cross_entropy(input, target, reduction: Reduction(p) == "sum" ? torch.nn.Reduction.Sum : torch.nn.Reduction.None),
        "binary_cross_entropy_with_logits" => F.binary_cross_entropy_with_logits(input, target),
        "cross_entropy" => ScoreLoss.CrossEntropy(input, target),
        _ => throw new InvalidOperationException($"Golden loss '{kind}' is not known to this test."),
    };

    private static string Reduction(JsonElement p) => p.GetProperty("reduction").GetString()!;

    private static Tensor Focal(JsonElement p, Tensor input, Tensor target)
    {
        var x = p.TryGetProperty("apply_nonlin", out var nonlinearity) && nonlinearity.ValueKind == JsonValueKind.String ? input.softmax(1) : input;
        var focal = new FocalLoss(Number(p, "gamma", 2), Number(p, "smooth", 1e-5));
        if (p.TryGetProperty("alpha", out var alpha) && alpha.ValueKind != JsonValueKind.Null)
        {
            focal = focal with
            {
                Alpha = alpha.ValueKind == JsonValueKind.Array
                    ? FocalLoss.Normalized([.. alpha.EnumerateArray().Select(a => a.GetDouble())])
                    : FocalLoss.Balanced((int)input.shape[1], alpha.GetDouble(), (int)Number(p, "balance_index", 0)),
            };
        }

        bool mean = !p.TryGetProperty("size_average", out var average) || average.GetBoolean();
        return mean ? focal.Mean(x, target) : focal.Each(x, target);
    }

    private static double Number(JsonElement p, string name, double otherwise) => p.TryGetProperty(name, out var v) ? v.GetDouble() : otherwise;
}
