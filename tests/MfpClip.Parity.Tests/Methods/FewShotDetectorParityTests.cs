using System.Text.Json;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>The few-shot methods as whole detectors: official weights and photos in, scores and maps of every run out.</summary>
public class FewShotDetectorParityTests
{
    [SkippableFact]
    public void AnomalyDino_scores_and_maps_photos_as_the_authors_code()
    {
        string folder = Goldens.Family("anomalydino");
        var runs = Goldens.Json(Path.Combine(folder, "scores.json"));
        var settings = runs.GetProperty("settings");
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        int compared = 0, maps = 0;
        foreach (var run in runs.EnumerateObject().Where(r => r.Value.TryGetProperty("shots", out _)))
        {
            var v = run.Value;
            bool euclidean = v.GetProperty("knn_metric").GetString() == "L2";
            // Photos are resized here, references turned here: tolerances of the manifest for that.
            double tolerance = euclidean ? 0.2 : FewShotGoldens.MapTolerance, scoreTolerance = euclidean ? 0.05 : FewShotGoldens.ScoreTolerance;
            var options = AnomalyDinoParityTests.Options(v) with
            {
                ShorterSide = v.TryGetProperty("smaller_edge_size", out var edge) ? edge.GetInt32() : settings.GetProperty("smaller_edge_size").GetInt32(),
            };
            ImageInput[] references =
                [.. Enumerable.Range(0, v.GetProperty("shots").GetInt32()).Select(i => ImageInput.FromFile(Path.Combine(folder, $"ref{i}.png")))];
            using var detector = FewShotGoldens.DinoBackbone().UseAnomalyDino(options).WithReferences(references).Build();
            var scale = ((ReferencedPass)detector.Pass).Bank.Scale;
            foreach (var image in v.GetProperty("scores").EnumerateObject())
            {
                double raw = image.Value.GetProperty("score").GetDouble();
                var result = detector.Detect(Path.Combine(folder, $"{image.Name}.png"));

                Assert.InRange(
                    result.Score, FewShotGoldens.Score(scale, raw - scoreTolerance) - 1e-6, FewShotGoldens.Score(scale, raw + scoreTolerance) + 1e-6);
                compared++;
                if (!expected.TryGetValue($"map.{run.Name}.{image.Name}", out var recorded))
                {
                    continue;
                }

                float[] map = recorded.data<float>().ToArray();
                Assert.Equal(map.Length, result.ImageMap!.Data.Length);
                maps++;
                Assert.All(map.Zip(result.ImageMap.Data), p => Assert.InRange(
                    p.Second, scale.Value((float)Math.Max(p.First - tolerance, 0)) - 1e-6, scale.Value((float)(p.First + tolerance)) + 1e-6));
            }
        }

        Assert.True(compared > 0 && maps > 0);
    }

    [SkippableFact]
    public void SubspaceAd_scores_photos_as_the_authors_code()
    {
        string folder = Goldens.Family("subspacead");
        var json = Goldens.Json(Path.Combine(folder, "runs.json"));
        var settings = json.GetProperty("settings");
        using var scope = torch.NewDisposeScope();
        int compared = 0;
        foreach (var run in json.GetProperty("runs").EnumerateObject().Where(r => r.Value.GetProperty("fit_on").ValueKind == JsonValueKind.Array))
        {
            string[] names = [.. run.Value.GetProperty("fit_on").EnumerateArray().Select(n => n.GetString()!)];
            string Resized(string name) => Path.Combine(
                folder, name.StartsWith("odd.", StringComparison.Ordinal) ? $"{name[4..]}.odd.png" : $"{name}.resized.png");
            if (!names.All(n => File.Exists(Resized(n))))
            {
                continue;
            }

            var options = SubspaceAdParityTests.Options(settings, run.Value) with { RotatedCopies = 0 };
            // Turned copies are given as references of their own: the subspace is the same.
            using var detector = FewShotGoldens.SubspaceBackbone().UseSubspaceAd(options)
                .WithReferences([.. names.Select(n => ImageInput.FromFile(Resized(n)))]).Build();
            var bank = ((ReferencedPass)detector.Pass).Bank;
            Assert.Equal(run.Value.GetProperty("rank").GetProperty("k").GetInt32(), ((SubspaceModel)bank.Model).Subspace.Rank);
            foreach (var image in run.Value.GetProperty("scores").EnumerateObject())
            {
                string file = names[0].StartsWith("odd.", StringComparison.Ordinal) ? Resized($"odd.{image.Name}") : Resized(image.Name);
                if (File.Exists(file))
                {
                    double raw = image.Value.GetProperty("score").GetDouble();
                    float score = detector.Detect(file).Score;
                    Assert.InRange(score, FewShotGoldens.Score(bank.Scale, raw * (1 - 1e-4)) - 1e-6, FewShotGoldens.Score(bank.Scale, raw * (1 + 1e-4)) + 1e-6);
                    compared++;
                }
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void PatchCore_embeds_and_scores_as_the_authors_code()
    {
        string folder = Goldens.Family("patchcore");
        var manifest = Goldens.Manifest("patchcore");
        var settings = manifest.GetProperty("settings");
        double tolerance = manifest.GetProperty("tolerance").GetProperty("embeddings").GetDouble();
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var options = PatchCoreOptions.AsReleased with
        {
            StageWidth = settings.GetProperty("pretrain_embed_dimension").GetInt32(), Width = settings.GetProperty("target_embed_dimension").GetInt32(),
            Neighbourhood = settings.GetProperty("patchsize").GetInt32(), Stride = settings.GetProperty("patchstride").GetInt32(),
            Coreset = PatchCoreset.None,
        };
        foreach (string file in new[] { "resnet.pth", "resnet.safetensors" })
        {
            var network = new ResNetOptions { WeightsPath = Path.Combine(folder, file), Architecture = ResNetArchitecture.FromFile };
            using var detector = new ZeroShotDetectorBuilder().UseCnn(network)
                .UsePatchCore(options).WithImageSize((int)inputs["test"].shape[2]).Build();
            var pass = (PatchCorePass)detector.Method;
            using var test = ImageBatch.FromNormalized(inputs["test"], Normalization);
            using var train = ImageBatch.FromNormalized(inputs["train"], Normalization);
            var (vectors, rows, columns) = pass.Vectors(train);
            Goldens.Close("embedding.train", expected["embedding.train"], vectors.flatten(0, 1), tolerance);
            Goldens.Close("embedding.test", expected["embedding.test"], pass.Vectors(test).Vectors.flatten(0, 1), tolerance);
            var chosen = pass.Resolve(null);
            var entries = Enumerable.Range(0, train.Count).Select(i => new ReferenceEntry(
                $"{i}", $"{i}", 1, 1, rows, columns, vectors[i].clone(), [.. Enumerable.Range(0, rows * columns)], new float[rows * columns], 0)).ToList();
            using var bank = new MemoryBank(pass, entries, chosen, torch.CPU, []);

            var (map, score) = pass.Run(bank, test, "object", null, ForwardContext.Default, null);

            Goldens.Close("map.full", expected["map.full"], map, tolerance);
            Goldens.Close("image_scores.full", bank.Scale.Scores(expected["image_scores.full"]), score, 1e-3);
        }
    }

    [SkippableFact]
    public void A_model_that_the_authors_code_saved_scores_as_there()
    {
        string folder = Goldens.Family("patchcore");
        double tolerance = Goldens.Manifest("patchcore").GetProperty("tolerance").GetProperty("scores_and_maps").GetDouble();
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var network = new ResNetOptions { WeightsPath = Path.Combine(folder, "resnet.pth"), Architecture = ResNetArchitecture.FromFile };
        using var detector = new ZeroShotDetectorBuilder().UseCnn(network).UsePatchCore(new() { ModelFolder = folder }).Build();
        var bank = ((ReferencedPass)detector.Pass).Bank;
        using var test = ImageBatch.FromNormalized(Goldens.Tensors(folder, "inputs.safetensors")["test"], Normalization);

        var (map, score) = ((PatchCorePass)detector.Method).Distances(bank, test, null, ForwardContext.Default, null);

        // Which of the recorded banks was saved is told by its size.
        string saved = expected.Keys.Where(k => k.StartsWith("map.", StringComparison.Ordinal)).Select(k => k[4..])
            .First(name => (expected.TryGetValue($"coreset.{name}.indices", out var rows) ? rows.shape[0] : expected["embedding.train"].shape[0])
                == bank.Model.Tokens);
        Goldens.Close($"map.{saved}", expected[$"map.{saved}"], map, tolerance);
        Goldens.Close($"image_scores.{saved}", expected[$"image_scores.{saved}"], score, tolerance);
    }

    private static readonly (float[], float[]) Normalization = ([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);
}
