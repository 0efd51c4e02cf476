using System.Text.Json;
using MfpClip.Imaging;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>SubspaceAD from recorded tokens and images: subspaces, residuals, maps and scores of every run, the other measures, rotations.</summary>
public class SubspaceAdParityTests
{
    private const string Family = "subspacead";

    [SkippableFact]
    public void Every_run_agrees_from_the_recorded_tokens()
    {
        string folder = Goldens.Family(Family);
        var tolerance = Goldens.Manifest(Family).GetProperty("tolerance");
        double relative = 1e-4; // "1e-4 * max of the tensor"
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var settings = Settings();
        int compared = 0;
        foreach (var run in Goldens.Json(Path.Combine(folder, "runs.json")).GetProperty("runs").EnumerateObject())
        {
            var options = Options(settings, run.Value);
            Assert.Empty(options.Faults());
            using var subspace = Fit(n => Flat(expected[$"tokens.{n}"]), options, run.Value.GetProperty("fit_on"));
            Goldens.Close($"mean.{run.Name}", expected[$"mean.{run.Name}"], subspace.Mean, tolerance.GetProperty("mean").GetDouble());
            CloseToMaximum($"eigenvalues.{run.Name}", expected[$"eigenvalues.{run.Name}"], subspace.Eigenvalues, 1e-9);
            Goldens.Close($"projector.{run.Name}", expected[$"projector.{run.Name}"], torch.matmul(subspace.Components, subspace.Components.t()),
                tolerance.GetProperty("projector").GetDouble());
            Assert.Equal(run.Value.GetProperty("rank").GetProperty("k").GetInt32(), subspace.Rank);

            var scorer = new SubspaceAdScorer(options);
            foreach (var score in run.Value.GetProperty("scores").EnumerateObject())
            {
                string name = $"{run.Name}.{score.Name}";
                var tokens = Tokens(expected, score.Name, run.Name).unsqueeze(0);
                var residuals = scorer.Residuals(tokens, subspace);
                CloseToMaximum($"residual.{name}", expected[$"residual.{name}"], residuals.squeeze(0), relative);
                CloseToMaximum(
                    $"residual64.{name}", expected[$"residual64.{name}"], scorer.Residuals(tokens.to_type(ScalarType.Float64), subspace).squeeze(0), 1e-8);
                var map = scorer.Map(residuals, options.ImageSize, options.ImageSize);
                if (expected.TryGetValue($"map.{name}", out var recorded))
                {
                    CloseToMaximum($"map.{name}", recorded, map.squeeze(0), relative);
                }

                double value = score.Value.GetProperty("score").GetDouble();
                Assert.Equal(value, scorer.Score(map).item<float>(), relative * score.Value.GetProperty("max").GetDouble());
                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableTheory]
    [InlineData("mahalanobis", SubspaceResidual.Mahalanobis)]
    [InlineData("euclidean", SubspaceResidual.Euclidean)]
    [InlineData("cosine", SubspaceResidual.Cosine)]
    [InlineData("reconstruction_drop", SubspaceResidual.Reconstruction)]
    public void Every_other_measure_agrees(string measure, SubspaceResidual residual)
    {
        string folder = Goldens.Family(Family);
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var runs = Goldens.Json(Path.Combine(folder, "runs.json")).GetProperty("runs");
        var recorded = expected.Where(e => e.Key.StartsWith(measure, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(recorded);
        foreach (var (name, values) in recorded)
        {
            string[] parts = name.Split('.', 3); // measure with the number of dropped components, run, image
            int dropped = parts[0].Length > measure.Length
                ? int.Parse(parts[0][measure.Length..], System.Globalization.CultureInfo.InvariantCulture) : 0;
            var run = runs.GetProperty(parts[1]);
            var options = Options(Settings(), run) with { Residual = residual, DroppedComponents = dropped };
            using var subspace = Fit(n => Flat(expected[$"tokens.{n}"]), options, run.GetProperty("fit_on"));
            var actual = new SubspaceAdScorer(options).Residuals(Tokens(expected, parts[2], parts[1]).unsqueeze(0), subspace).squeeze(0);
            if (residual == SubspaceResidual.Cosine)
            {
                Goldens.Close(name, values, actual, 1e-5);
            }
            else
            {
                CloseToMaximum(name, values, actual, 1e-4);
            }
        }
    }

    [SkippableFact]
    public void The_map_alone_agrees_for_squares_and_rectangles()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(Goldens.Family(Family), "expected.safetensors");
        var input = expected["post.input"].unsqueeze(0);
        foreach (string name in new[] { "post.square", "post.rect", "post.noblur" })
        {
            var options = new SubspaceAdOptions { SmoothingSigma = name == "post.noblur" ? 0 : 4 };
            var map = new SubspaceAdScorer(options).Map(input, (int)expected[name].shape[0], (int)expected[name].shape[1]);

            CloseToMaximum(name, expected[name], map.squeeze(0), 1e-5);
        }
    }

    [SkippableFact]
    public void Averaged_layers_agree_with_the_recorded_tokens()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(Goldens.Family(Family), "expected.safetensors");
        double tolerance = Goldens.Manifest(Family).GetProperty("tolerance").GetProperty("tokens").GetDouble();
        var layers = expected.Keys.Where(k => k.StartsWith("hidden.", StringComparison.Ordinal)).GroupBy(k => k.Split('.')[1]).ToList();
        Assert.NotEmpty(layers);
        foreach (var image in layers)
        {
            var tokens = expected[$"tokens.{image.Key}"];
            long patches = tokens.shape[0] * tokens.shape[1];
            // Class token and registers stand first.
            var actual = SubspaceAdScorer.Average([.. image.Select(k => expected[k].narrow(1, expected[k].shape[1] - patches, patches))]);

            Goldens.Close($"tokens.{image.Key}", tokens, actual.view(tokens.shape), tolerance);
        }
    }

    [SkippableFact]
    public void Rotated_copies_agree_to_the_pixel()
    {
        string folder = Goldens.Family(Family);
        var angles = Settings().GetProperty("rotation_angles").EnumerateArray().Select(a => a.GetDouble()).ToArray();
        Assert.NotEmpty(angles);
        for (int i = 0; i < angles.Length; i++)
        {
            Assert.Equal(Image(folder, $"ref0.rot{i}.png").Data, SubspaceFit.Rotate(Image(folder, "ref0.png"), angles[i]).Data);
        }
    }

    internal static SubspaceAdOptions Options(JsonElement settings, JsonElement run) => SubspaceAdOptions.AsPublished with
    {
        ImageSize = run.GetProperty("resolution").GetInt32(),
        ExplainedVariance = settings.GetProperty("pca_ev").GetDouble(),
        TopFraction = settings.GetProperty("top_fraction").GetDouble(),
        RotatedCopies = settings.GetProperty("aug_count").GetInt32(),
        LayersFromLast = [.. settings.GetProperty("layers").EnumerateArray().Select(l => -l.GetInt32())],
        RotationDraw = run.GetProperty("fit_on").ValueKind == JsonValueKind.Object ? RotationDraw.EachPass : RotationDraw.Once,
    };

    // Image by image, as a folder of any size is fitted.
    internal static TokenSubspace Fit(Func<string, Tensor> tokens, SubspaceAdOptions options, JsonElement fitOn)
    {
        using var fit = new SubspaceFit(options);
        if (fitOn.ValueKind == JsonValueKind.Array)
        {
            foreach (string name in fitOn.EnumerateArray().Select(n => n.GetString()!))
            {
                fit.Add(tokens(name));
            }

            return fit.Fit();
        }

        var passes = new[] { "mean_pass", "covariance_pass" }.Select(p => fitOn.GetProperty(p).EnumerateArray().Select(n => n.GetString()!).ToList()).ToArray();
        foreach (string both in passes[0].Intersect(passes[1]))
        {
            fit.Add(tokens(both));
        }

        foreach (var (pass, first) in new[] { (0, 0), (1, options.RotatedCopies) })
        {
            int copy = first;
            foreach (string name in passes[pass].Except(passes[1 - pass]))
            {
                fit.AddRotated(tokens(name), copy++);
            }
        }

        return fit.Fit();
    }

    private static Tensor Tokens(Dictionary<string, Tensor> expected, string image, string run) =>
        expected.TryGetValue($"tokens.{run}.{image}", out var own) ? own : expected[$"tokens.{image}"];

    private static Tensor Flat(Tensor tokens) => tokens.reshape(-1, tokens.shape[^1]);

    private static void CloseToMaximum(string name, Tensor expected, Tensor actual, double relative) =>
        Goldens.Close(name, expected, actual, relative * expected.abs().max().to_type(ScalarType.Float64).item<double>());

    private static JsonElement Settings() => Goldens.Json(Path.Combine(Goldens.Family(Family), "runs.json")).GetProperty("settings");

    private static RgbImage Image(string folder, string file) =>
        new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(folder, file)), file, new ImageLimits());
}
