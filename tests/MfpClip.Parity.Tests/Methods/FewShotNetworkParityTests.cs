using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>The few-shot methods from images: preprocessing, network and head together, with the tolerances that the manifests give for that.</summary>
public class FewShotNetworkParityTests
{
    [SkippableFact]
    public void AnomalyDino_agrees_from_images_with_its_own_rotations()
    {
        string folder = Goldens.Family("anomalydino");
        var manifest = Goldens.Manifest("anomalydino");
        var settings = manifest.GetProperty("settings");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var backbone = Load(folder, manifest);
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var tower = backbone.Vision;
        int patch = tower.PatchSize;
        double near = manifest.GetProperty("tolerance").GetProperty("features_from_resized_png").GetDouble();
        double[] angles = [.. settings.GetProperty("angles").EnumerateArray().Select(a => a.GetDouble())];
        int compared = 0;

        Tensor Features(RgbImage prepared) =>
            Patches(tower, tower.Project(tower.RunBlocks(tower.Embed(Pixels(backbone, prepared)), 0, tower.Layers, ForwardContext.Default)));

        foreach (var run in Goldens.Json(Path.Combine(folder, "scores.json")).EnumerateObject().Where(r => r.Name != "settings"))
        {
            int edge = run.Value.TryGetProperty("smaller_edge_size", out var own) ? own.GetInt32() : settings.GetProperty("smaller_edge_size").GetInt32();
            string kind = run.Value.TryGetProperty("smaller_edge_size", out _) ? run.Name : "resized";
            var options = AnomalyDinoParityTests.Options(run.Value);
            var (scorer, resize) = (new AnomalyDinoScorer(options), new ShorterEdgeResize(edge, patch));
            var memory = torch.cat([.. Enumerable.Range(0, run.Value.GetProperty("shots").GetInt32()).SelectMany(i =>
            {
                var image = Image(folder, $"ref{i}.png");
                return options.Rotations.Select(a =>
                {
                    var prepared = resize.Prepare(ImageRotation.Mirrored(image, a)).Pixels;
                    return scorer.Reference(Features(prepared), prepared.Height / patch, prepared.Width / patch);
                });
            })], 0);
            // "2e-3 where you resize or rotate references; L2 runs 100 times these"; 5e-4 for scores
            double times = options.Distance == NeighbourDistance.Euclidean ? 100 : 1;
            foreach (var score in run.Value.GetProperty("scores").EnumerateObject())
            {
                var prepared = Image(folder, $"{score.Name}.{kind}.png");
                var features = Features(prepared);
                if (expected.TryGetValue(kind == "resized" ? $"features.{score.Name}" : $"features.{kind}.{score.Name}", out var recorded))
                {
                    Goldens.Close($"features.{score.Name}", recorded, features, near);
                }

                var distances = scorer.Compare(features, memory, prepared.Height / patch, prepared.Width / patch).Distances;
                Goldens.Close($"distance.{run.Name}.{score.Name}", expected[$"distance.{run.Name}.{score.Name}"], distances, 2e-3 * times);
                if (expected.TryGetValue($"map.{run.Name}.{score.Name}", out var map))
                {
                    Goldens.Close($"map.{run.Name}.{score.Name}", map, scorer.Map(distances, (int)map.shape[0], (int)map.shape[1]), 2e-3 * times);
                }

                Assert.Equal(score.Value.GetProperty("score").GetDouble(), scorer.Score(distances).item<float>(), 5e-4 * times);
                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void SubspaceAd_agrees_from_images()
    {
        string folder = Goldens.Family("subspacead");
        var manifest = Goldens.Manifest("subspacead");
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var backbone = Load(folder, manifest);
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var runs = Goldens.Json(Path.Combine(folder, "runs.json"));
        var settings = runs.GetProperty("settings");
        double near = manifest.GetProperty("tolerance").GetProperty("tokens").GetDouble();
        var tower = backbone.Vision;

        // [1, h, w, D], and as they are recorded.
        Tensor Tokens(string image, string run)
        {
            var prepared = Image(folder, image.StartsWith("odd.", StringComparison.Ordinal) ? $"{image["odd.".Length..]}.odd.png"
                : run == "odd" ? $"{image}.odd.png" : $"{image}.resized.png");
            // What is left of a patch at the right and the bottom is not seen.
            var pixels = Pixels(backbone, prepared);
            int rows = prepared.Height / tower.PatchSize, columns = prepared.Width / tower.PatchSize;
            pixels = pixels.narrow(2, 0, rows * tower.PatchSize).narrow(3, 0, columns * tower.PatchSize).contiguous();
            var tokens = tower.Embed(pixels);
            var layers = new Dictionary<int, Tensor>();
            for (int i = 0; i < tower.Layers; i++)
            {
                tokens = tower.RunBlocks(tokens, i, 1, ForwardContext.Default);
                layers[tower.Layers - i] = Patches(tower, tokens).unsqueeze(0);
            }

            var found = SubspaceAdScorer.Average([.. SubspaceAdParityTests.Options(settings, runs.GetProperty("runs").EnumerateObject().First().Value)
                .LayersFromLast.Select(l => layers[l])]).view(1, rows, columns, tower.Width);
            string name = run == "odd" && !image.StartsWith("odd.", StringComparison.Ordinal) ? $"tokens.odd.{image}" : $"tokens.{image}";
            Goldens.Close(name, expected[name], found.squeeze(0), near);
            return found;
        }

        foreach (var run in runs.GetProperty("runs").EnumerateObject())
        {
            var options = SubspaceAdParityTests.Options(settings, run.Value);
            using var subspace = SubspaceAdParityTests.Fit(n => Tokens(n, run.Name).view(-1, tower.Width), options, run.Value.GetProperty("fit_on"));
            Assert.Equal(run.Value.GetProperty("rank").GetProperty("k").GetInt32(), subspace.Rank);
            // "projector 1e-4, residuals 1e-4 relative"
            Goldens.Close($"projector.{run.Name}", expected[$"projector.{run.Name}"], torch.matmul(subspace.Components, subspace.Components.t()), 1e-4);
            var scorer = new SubspaceAdScorer(options);
            foreach (var score in run.Value.GetProperty("scores").EnumerateObject())
            {
                var residuals = scorer.Residuals(Tokens(score.Name, run.Name), subspace);
                var recorded = expected[$"residual.{run.Name}.{score.Name}"];
                Goldens.Close($"residual.{run.Name}.{score.Name}", recorded, residuals.squeeze(0), 1e-4 * recorded.max().item<float>());
                Assert.Equal(score.Value.GetProperty("score").GetDouble(),
                    scorer.Score(scorer.Map(residuals, options.ImageSize, options.ImageSize)).item<float>(), 1e-4 * score.Value.GetProperty("max").GetDouble());
            }
        }
    }

    [SkippableFact]
    public void PatchCore_agrees_from_images_in_both_forms()
    {
        string folder = Goldens.Family("patchcore");
        using var scope = torch.NewDisposeScope();
        using var file = WeightFile.Open(Path.Combine(folder, "resnet.safetensors"));
        using var cnn = ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, file);
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var tolerance = Goldens.Manifest("patchcore").GetProperty("tolerance");
        foreach (var (options, prefix, near) in new[]
        {
            (PatchCoreParityTests.Options(), string.Empty, tolerance.GetProperty("embeddings").GetDouble()),
            (PatchCoreParityTests.AnomalibOptions(), "anomalib.", tolerance.GetProperty("feature_maps").GetDouble()),
        })
        {
            foreach (var (name, images) in inputs)
            {
                var maps = cnn.ExtractMaps(images, [.. options.Stages.Select(s => $"layer{s}")]);

                Goldens.Close($"{prefix}embedding.{name}", expected[$"{prefix}embedding.{name}"], PatchEmbedding.Embed(maps, options).Vectors, near);
            }
        }
    }

    // "../dinov2/plain/model.pth (hub position rule, offset 0.1)"; the number of heads is not in the authors' files.
    private static DinoBackbone Load(string folder, JsonElement manifest)
    {
        string[] path = manifest.GetProperty("weights").GetString()!.Split(' ')[0].Split('/');
        int heads = Goldens.Manifest(path[1]).GetProperty("models").GetProperty(path[2]).GetProperty("heads").GetInt32();
        return DinoBackbone.Load(Path.Combine([folder, .. path]), new() { Heads = heads });
    }

    private static Tensor Pixels(DinoBackbone backbone, RgbImage image) =>
        PixelTensor.Normalized([image], backbone.Normalization.Mean, backbone.Normalization.Std);

    // [N, D] of one image
    private static Tensor Patches(IVisionTower tower, Tensor tokens) => tokens[0].narrow(0, tower.PrefixTokens, tokens.shape[1] - tower.PrefixTokens);

    private static RgbImage Image(string folder, string file) =>
        new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(folder, file)), file, new ImageLimits());
}
