using MfpClip.Objectives;
using MfpClip.Training;

namespace MfpClip.Parity.Tests.Training;

/// <summary>Adam under the factor 1/(epoch+1): every parameter after every step.</summary>
public class OptimizerParityTests
{
    [SkippableFact]
    public void Adam_follows_the_reference_trajectory()
    {
        string folder = Goldens.Family("optim");
        var manifest = Goldens.Manifest("optim");
        using var scope = torch.NewDisposeScope();
        var tensors = Goldens.Tensors(folder, "adam.safetensors");
        int perEpoch = manifest.GetProperty("configuration").GetProperty("steps_per_epoch").GetInt32();
        foreach (var run in Goldens.Json(Path.Combine(folder, "adam.json")).EnumerateArray())
        {
            string name = run.GetProperty("name").GetString()!;
            double tolerance = manifest.GetProperty("tolerance").GetProperty(name[..3]).GetDouble();
            var betas = run.GetProperty("betas");
            var recipe = new TrainingRecipe
            {
                LearningRate = run.GetProperty("lr").GetDouble(), Beta1 = betas[0].GetDouble(), Beta2 = betas[1].GetDouble(),
                Epsilon = run.GetProperty("eps").GetDouble(), WeightDecay = run.GetProperty("weight_decay").GetDouble(),
            };
            var x = tensors[$"{name}.x0"].clone().requires_grad_(true);
            using var adam = new AdamOptimizer(recipe, [new("x", x)]);
            var trajectory = tensors[$"{name}.trajectory"];
            var rates = run.GetProperty("lr_per_step");
            for (int step = 0; step < run.GetProperty("steps").GetInt32(); step++)
            {
                double rate = recipe.LearningRate * recipe.Factor(step / perEpoch);
                Assert.Equal(rates[step].GetDouble(), rate, 1e-15);
                adam.ZeroGradients();
                var loss = (0.5 * x.dot(tensors[$"{name}.A"].mv(x))) - tensors[$"{name}.b"].dot(x);
                loss.backward();
                adam.Step(rate);
                Goldens.Close($"{name} after step {step + 1}", trajectory[step + 1], x, tolerance);
            }

            var state = adam.State.ToDictionary(s => s.Key, s => s.Value);
            Goldens.Close($"{name}.exp_avg", tensors[$"{name}.exp_avg"], state["exp_avg.x"], tolerance);
            Goldens.Close($"{name}.exp_avg_sq", tensors[$"{name}.exp_avg_sq"], state["exp_avg_sq.x"], tolerance);
        }
    }
}
