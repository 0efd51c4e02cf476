using System.Globalization;
using System.Text.Json;
using MfpClip.Methods.AnomalyDino;
using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>Detectors without references as the authors' batched runs: official weights and the photos of a batch in, scores and maps out.</summary>
public class TestedBatchParityTests
{
    [SkippableFact]
    public void AnomalyDino_compares_a_batch_as_the_authors_code()
    {
        string folder = Goldens.Family("anomalydino");
        var settings = Goldens.Json(Path.Combine(folder, "scores.json")).GetProperty("settings");
        var margins = Goldens.Manifest("anomalydino").GetProperty("margins").GetProperty("batched");
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        string File(string name) => Path.Combine(folder, $"{name}.png");
        // The image list of the manifest's step 10.
        string[] names =
        [
            .. settings.GetProperty("angles").EnumerateArray().Select(a => string.Create(CultureInfo.InvariantCulture, $"ref0.rot{a.GetInt32():000}")),
            "ref1", "test_good", "test_defect",
        ];
        using var alone = FewShotGoldens.DinoBackbone()
            .UseAnomalyDino(AnomalyDinoOptions.AsReleased with { ShorterSide = settings.GetProperty("smaller_edge_size").GetInt32() }).Build();
        ImageInput[] images = [.. names.Select(n => ImageInput.FromFile(File(n)))];
        using var detector = alone.WithTestedBatch(images);
        var scale = ((ReferencedPass)detector.Pass).Bank.Scale;
        var results = detector.DetectBatch(images);
        int compared = 0;
        foreach (var run in margins.EnumerateObject())
        {
            string name = run.Name["batched.".Length..];
            double raw = run.Value.GetProperty("score").GetDouble();
            var result = results[Array.IndexOf(names, name)];
            float[] recorded = expected[$"batched.distance.{name}"].data<float>().ToArray();

            Assert.InRange(result.Score, FewShotGoldens.Score(scale, raw - FewShotGoldens.ScoreTolerance) - 1e-6,
                FewShotGoldens.Score(scale, raw + FewShotGoldens.ScoreTolerance) + 1e-6);
            Assert.Equal(recorded.Length, result.ModelMap.Data.Length);
            Assert.All(recorded.Zip(result.ModelMap.Data), p => Assert.InRange(p.Second,
                scale.Value((float)Math.Max(p.First - FewShotGoldens.MapTolerance, 0)) - 1e-6,
                scale.Value((float)(p.First + FewShotGoldens.MapTolerance)) + 1e-6));
            compared++;
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void SubspaceAd_fits_the_batch_as_the_authors_code()
    {
        string folder = Goldens.Family("subspacead");
        var json = Goldens.Json(Path.Combine(folder, "runs.json"));
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        int compared = 0, maps = 0;
        foreach (var run in json.GetProperty("runs").EnumerateObject().Where(r => r.Value.GetProperty("fit_on").ValueKind == JsonValueKind.Array))
        {
            string[] names = [.. run.Value.GetProperty("fit_on").EnumerateArray().Select(n => n.GetString()!)];
            string[] tested = [.. run.Value.GetProperty("scores").EnumerateObject().Select(s => s.Name)];
            if (!tested.All(names.Contains))
            {
                continue; // fitted on references
            }

            using var alone = FewShotGoldens.SubspaceBackbone()
                .UseSubspaceAd(SubspaceAdParityTests.Options(json.GetProperty("settings"), run.Value)).Build();
            ImageInput[] images = [.. names.Select(n => ImageInput.FromFile(Path.Combine(folder, $"{n}.resized.png")))];
            using var detector = alone.WithTestedBatch(images);
            var bank = ((ReferencedPass)detector.Pass).Bank;
            Assert.Equal(run.Value.GetProperty("rank").GetProperty("k").GetInt32(), ((SubspaceModel)bank.Model).Subspace.Rank);
            var results = detector.DetectBatch(images);
            foreach (string name in tested)
            {
                var score = run.Value.GetProperty("scores").GetProperty(name);
                double raw = score.GetProperty("score").GetDouble();
                double most = score.GetProperty("max").GetDouble() * 1e-4; // "1e-4 * max of the tensor"
                var result = results[Array.IndexOf(names, name)];

                Assert.InRange(result.Score, FewShotGoldens.Score(bank.Scale, raw - most) - 1e-6, FewShotGoldens.Score(bank.Scale, raw + most) + 1e-6);
                compared++;
                if (expected.TryGetValue($"map.{run.Name}.{name}", out var map))
                {
                    Assert.All(map.data<float>().ToArray().Zip(result.ModelMap.Data), p => Assert.InRange(p.Second,
                        bank.Scale.Value((float)Math.Max(p.First - most, 0)) - 1e-6, bank.Scale.Value((float)(p.First + most)) + 1e-6));
                    maps++;
                }
            }
        }

        Assert.True(compared > 0 && maps > 0);
    }
}
