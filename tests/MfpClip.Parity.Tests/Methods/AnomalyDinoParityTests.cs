using System.Globalization;
using System.Text.Json;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>AnomalyDINO from recorded patch features and images: masks, rotations, distances, maps and scores of every run.</summary>
public class AnomalyDinoParityTests
{
    private const string Family = "anomalydino";

    [SkippableFact]
    public void Rotated_references_agree_to_the_pixel_and_so_do_their_matrices()
    {
        string folder = Goldens.Family(Family);
        var angles = Angles();
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var names = expected.Keys.Where(k => k.StartsWith("rotation_matrix.", StringComparison.Ordinal)).Select(k => k["rotation_matrix.".Length..]).ToList();
        Assert.NotEmpty(names);
        foreach (string name in names)
        {
            var image = Image(folder, $"{name}.png");
            for (int i = 0; i < angles.Length; i++)
            {
                var matrix = ImageRotation.Matrix(image.Width, image.Height, angles[i]);
                Goldens.Close($"{name} {angles[i]}", expected[$"rotation_matrix.{name}"][i], torch.tensor(matrix), Number(name, "rotation_matrix."));
                string file = string.Create(CultureInfo.InvariantCulture, $"{name}.rot{(int)angles[i]:000}.png");

                Assert.Equal(Image(folder, file).Data, ImageRotation.Mirrored(image, angles[i]).Data);
            }
        }
    }

    [SkippableFact]
    public void Every_first_component_and_mask_agrees()
    {
        string folder = Goldens.Family(Family);
        var manifest = Goldens.Manifest(Family);
        double tolerance = manifest.GetProperty("tolerance").GetProperty("first_pc").GetDouble(), threshold = Threshold();
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        int compared = 0;
        foreach (var image in manifest.GetProperty("margins").GetProperty("pca").EnumerateObject())
        {
            var (rows, columns) = Grid(image.Value);
            var features = Features(expected, image.Name);
            var scores = ForegroundMask.FirstComponent(features);
            bool sure = image.Value.GetProperty("sign_independent").GetBoolean();
            Goldens.Close($"first_pc.{image.Name}", expected[$"first_pc.{image.Name}"], scores, tolerance);
            foreach (var (morphology, key) in new[] { (MaskMorphology.Raster, "mask"), (MaskMorphology.Grid, "mask_2d") })
            {
                var mask = ForegroundMask.Of(features, rows, columns, threshold, morphology);
                string[] either = sure ? [$"{key}.{image.Name}"] : [$"{key}.{image.Name}.positive", $"{key}.{image.Name}.negative"];

                Assert.True(either.Any(e => Same(expected[e], mask)), $"{key}.{image.Name}");
                compared++;
            }

            if (sure)
            {
                Assert.True(Same(expected[$"mask_raw.{image.Name}"], ForegroundMask.Threshold(scores, rows, columns, threshold)), $"mask_raw.{image.Name}");
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void Morphology_agrees_on_the_grid_and_on_the_raster_line()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(Goldens.Family(Family), "expected.safetensors");
        foreach (var (morphology, prefix) in new[] { (MaskMorphology.Grid, "morph."), (MaskMorphology.Raster, "morph.raster_") })
        {
            var input = expected["morph.input"].to_type(ScalarType.Bool);
            var dilated = ForegroundMask.Dilate(input, morphology);

            Assert.True(Same(expected[$"{prefix}dilated"], dilated), $"{prefix}dilated");
            Assert.True(Same(expected[$"{prefix}closed"], ForegroundMask.Close(dilated, morphology)), $"{prefix}closed");
        }
    }

    [SkippableFact]
    public void Every_run_agrees_from_the_recorded_features()
    {
        string folder = Goldens.Family(Family);
        double tolerance = Goldens.Manifest(Family).GetProperty("tolerance").GetProperty("distances").GetDouble();
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        int compared = 0;
        foreach (var run in Goldens.Json(Path.Combine(folder, "scores.json")).EnumerateObject().Where(r => r.Name != "settings"))
        {
            if (!Stored(expected, run, out var references))
            {
                continue; // rotations of a reference whose features are not recorded: for tests with the network
            }

            var options = Options(run.Value);
            Assert.Empty(options.Faults());
            var scorer = new AnomalyDinoScorer(options);
            // "100 times these" for L2 runs
            double within = tolerance * (options.Distance == NeighbourDistance.Euclidean ? 100 : 1);
            foreach (var score in run.Value.GetProperty("scores").EnumerateObject())
            {
                string name = $"{run.Name}.{score.Name}";
                var (rows, columns) = ((int)expected[$"distance.{name}"].shape[0], (int)expected[$"distance.{name}"].shape[1]);
                var memory = torch.cat([.. references.Select(r => scorer.Reference(r, rows, columns))], 0);
                var features = Features(expected, score.Name, run.Name);
                var (distances, nearest) = scorer.Compare(features, memory, rows, columns);
                Goldens.Close($"distance.{name}", expected[$"distance.{name}"], distances, within);
                var image = scorer.Score(distances);
                Goldens.Close($"score {name}", torch.tensor(score.Value.GetProperty("score").GetDouble()), image, within);
                if (expected.TryGetValue($"map.{name}", out var map))
                {
                    Goldens.Close($"map.{name}", map, scorer.Map(distances, (int)map.shape[0], (int)map.shape[1]), within);
                }

                if (expected.TryGetValue($"nearest.{name}", out var rowsOf))
                {
                    var clear = expected[$"nearest_gap.{name}"].gt(1e-5);
                    Assert.True(rowsOf.eq(nearest).logical_or(clear.logical_not()).all().item<bool>(), $"nearest.{name}");
                }

                compared++;
            }
        }

        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void A_batch_without_references_agrees()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(Goldens.Family(Family), "expected.safetensors");
        double tolerance = Goldens.Manifest(Family).GetProperty("tolerance").GetProperty("distances").GetDouble();
        // The image list of the manifest's step 10: the rotations of ref0, ref1, test_good, test_defect.
        var rotations = expected["features.ref0_rotations"];
        List<Tensor> images = [.. Enumerable.Range(0, (int)rotations.shape[0]).Select(i => rotations[i])];
        string[] names = ["ref1", "test_good", "test_defect"];
        images.AddRange(names.Select(n => expected[$"features.{n}"]));
        var margins = Goldens.Manifest(Family).GetProperty("margins").GetProperty("batched");
        var scorer = new AnomalyDinoScorer(AnomalyDinoOptions.AsReleased);
        var (rows, columns) = ((int)expected["mask.ref0"].shape[0], (int)expected["mask.ref0"].shape[1]);
        var actual = scorer.CompareBatch(images, rows, columns);
        foreach (string name in names[1..])
        {
            var distances = actual[images.Count - names.Length + Array.IndexOf(names, name)];

            Goldens.Close($"batched.distance.{name}", expected[$"batched.distance.{name}"], distances, tolerance);
            Goldens.Close($"batched score {name}", torch.tensor(margins.GetProperty($"batched.{name}").GetProperty("score").GetDouble()),
                scorer.Score(distances), tolerance);
        }
    }

    internal static AnomalyDinoOptions Options(JsonElement run) => AnomalyDinoOptions.AsReleased with
    {
        Rotations = run.GetProperty("rotation").GetBoolean() ? Angles() : [0],
        Masking = run.GetProperty("masking").GetBoolean(),
        MaskReferences = run.GetProperty("mask_ref_images").GetBoolean(),
        MaskThreshold = Threshold(),
        MaskMorphology = run.TryGetProperty("mask_morphology", out var m) && m.GetString() == "2d" ? MaskMorphology.Grid : MaskMorphology.Raster,
        Distance = run.GetProperty("knn_metric").GetString() == "L2" ? NeighbourDistance.Euclidean : NeighbourDistance.Cosine,
        Neighbours = run.GetProperty("k_neighbors").GetInt32(),
    };

    // What is stored of each reference; false where its features are not recorded.
    private static bool Stored(Dictionary<string, Tensor> expected, JsonProperty run, out List<Tensor> references)
    {
        references = [];
        for (int i = 0; i < run.Value.GetProperty("shots").GetInt32(); i++)
        {
            bool rotated = run.Value.GetProperty("rotation").GetBoolean();
            if (rotated && expected.TryGetValue($"features.ref{i}_rotations", out var all))
            {
                references.AddRange(Enumerable.Range(0, (int)all.shape[0]).Select(a => all[a]));
            }
            else if (!rotated)
            {
                references.Add(Features(expected, $"ref{i}", run.Name));
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    // At the resolution of the run where it has its own; a recorded stack of rotations starts with the image itself.
    private static Tensor Features(Dictionary<string, Tensor> expected, string image, string run = "") =>
        expected.TryGetValue($"features.{run}.{image}", out var own) ? own
        : expected.TryGetValue($"features.{image}", out var main) ? main : expected[$"features.{image}_rotations"][0];

    private static bool Same(Tensor expected, Tensor mask) =>
        expected.shape.SequenceEqual(mask.shape) && expected.to_type(ScalarType.Bool).eq(mask).all().item<bool>();

    private static (int Rows, int Columns) Grid(JsonElement e) => (e.GetProperty("grid")[0].GetInt32(), e.GetProperty("grid")[1].GetInt32());

    private static double[] Angles() =>
        [.. Goldens.Manifest(Family).GetProperty("settings").GetProperty("angles").EnumerateArray().Select(a => a.GetDouble())];

    private static double Threshold() => Goldens.Manifest(Family).GetProperty("settings").GetProperty("pca_threshold").GetDouble();

    private static double Number(string name, string prefix) => double.Parse(Goldens.Manifest(Family).GetProperty("tensors").EnumerateArray()
        .Single(t => t.GetProperty("name").GetString() == prefix + name).GetProperty("tolerance").GetString()!, CultureInfo.InvariantCulture);

    private static RgbImage Image(string folder, string file) =>
        new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(folder, file)), file, new ImageLimits());
}
