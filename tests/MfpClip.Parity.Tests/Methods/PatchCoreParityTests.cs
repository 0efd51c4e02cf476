using System.Text.Json;
using MfpClip.Methods.PatchCore;
using MfpClip.References;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>PatchCore from recorded feature maps and vectors: the authors' embedding, coresets, scores, maps and files, and anomalib's.</summary>
public class PatchCoreParityTests
{
    private const string Family = "patchcore";

    [SkippableFact]
    public void Neighbourhoods_and_embeddings_agree()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Expected();
        var options = Options();
        Assert.Empty(options.Faults());
        var maps = Maps(expected, options);
        double tolerance = Tolerance("embeddings");
        foreach (var (name, values) in expected.Where(e => e.Key.StartsWith("patchify.", StringComparison.Ordinal)))
        {
            string[] parts = name.Split('.'); // patchify, layer, test and the number of the image
            int image = int.Parse(parts[2]["test".Length..], System.Globalization.CultureInfo.InvariantCulture);
            var patches = PatchEmbedding.Neighbourhoods(expected[$"{parts[1]}.test"], options.Neighbourhood, options.Stride).Patches;
            Goldens.Close(name, values, patches[image], Tolerance("feature_maps"));
        }

        Goldens.Close("mean_mapped.test", expected["mean_mapped.test"], PatchEmbedding.MapToWidth(maps, options).Mapped, tolerance);
        Goldens.Close("embedding.test", expected["embedding.test"], PatchEmbedding.Embed(maps, options).Vectors, tolerance);
        Goldens.Close("anomalib.embedding.test", expected["anomalib.embedding.test"],
            PatchEmbedding.Embed(maps, AnomalibOptions()).Vectors, Tolerance("feature_maps"));
    }

    [SkippableFact]
    public void Every_coreset_agrees_in_its_order()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Expected();
        var train = expected["embedding.train"];
        int compared = 0;
        foreach (var (name, indices) in expected.Where(e => e.Key.StartsWith("coreset.", StringComparison.Ordinal)
            && e.Key.EndsWith(".indices", StringComparison.Ordinal)))
        {
            string prefix = name[..^"indices".Length];
            var x = train;
            if (expected.TryGetValue($"{prefix}projection", out var projection))
            {
                x = torch.matmul(train, projection.t());
                Goldens.Close($"{prefix}reduced", expected[$"{prefix}reduced"], x, Tolerance("embeddings"));
            }

            int count = (int)indices.shape[0];
            var actual = expected.TryGetValue($"{prefix}start_points", out var starts)
                ? GreedyCoreset.Approximate(x, count, starts.data<long>().ToArray()) : GreedyCoreset.Exact(x, count);

            Assert.Equal(Integers(indices), actual);
            Assert.Equal((int)(train.shape[0] * Settings().GetProperty("percentage").GetDouble()), count);
            compared++;
        }

        Assert.True(compared > 0);
        var anomalib = expected["anomalib.coreset.indices"];
        Assert.Equal(Integers(anomalib), GreedyCoreset.KCenter(
            torch.matmul(expected["anomalib.embedding.train"], expected["anomalib.coreset.projection"].t()), (int)anomalib.shape[0],
            expected["anomalib.coreset.first"].item<long>()));
    }

    [SkippableFact]
    public void Every_score_and_map_of_the_authors_agrees()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Expected();
        var memories = Memories(expected);
        Assert.NotEmpty(memories);
        foreach (var (name, memory) in memories)
        {
            int digits = name.LastIndexOf("_nn", StringComparison.Ordinal);
            var options = Options() with
            {
                Neighbours = digits < 0 ? 1 : int.Parse(name[(digits + 3)..], System.Globalization.CultureInfo.InvariantCulture),
            };
            Compare(name, new(options), memory, expected, expected["embedding.test"], Tolerance("scores_and_maps"));
        }
    }

    [SkippableFact]
    public void Everything_of_anomalib_agrees()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Expected();
        var scorer = new PatchCoreScorer(AnomalibOptions());
        double tolerance = Tolerance("anomalib_scores_and_maps");
        var memory = expected["anomalib.embedding.train"].index_select(0, expected["anomalib.coreset.indices"]);
        var (scores, map) = (expected["anomalib.patch_scores"], expected["anomalib.map"]);
        var vectors = expected["anomalib.embedding.test"];
        var (distances, nearest) = scorer.Compare(vectors, memory);
        Goldens.Close("anomalib.patch_scores", scores, distances.view(scores.shape), tolerance);

        long batch = scores.shape[0];
        var (d, n, v) = (distances.view(batch, -1), nearest.view(batch, -1), vectors.view(batch, -1, vectors.shape[1]));
        var patch = d.argmax(1);
        var (weights, rows, support) = scorer.Weights(patch, n, v, memory);
        var at = patch.unsqueeze(1);
        Assert.Equal(Integers(expected["anomalib.locations"].view(batch, -1).gather(1, at)), Integers(n.gather(1, at)));
        Assert.Equal(Integers(expected["anomalib.support_indices"]), Integers(rows));
        Goldens.Close("anomalib.support_distances", expected["anomalib.support_distances"], support, tolerance);
        Goldens.Close("anomalib.weights", expected["anomalib.weights"], weights, 1e-4);
        Goldens.Close("anomalib.image_scores", expected["anomalib.image_scores"], scorer.Score(d, n, v, memory), tolerance);
        Goldens.Close("anomalib.image_scores_nn1", expected["anomalib.image_scores_nn1"],
            new PatchCoreScorer(AnomalibOptions() with { ScoreNeighbours = 1 }).Score(d, n, v, memory), tolerance);
        Goldens.Close("anomalib.map", map, scorer.Map(distances.view(scores.shape), (int)map.shape[1], (int)map.shape[2]), tolerance);
    }

    [SkippableFact]
    public void The_authors_files_give_their_settings_and_scores()
    {
        string folder = Goldens.Family(Family);
        var recorded = Goldens.Manifest(Family).GetProperty("official_param_file");
        using var scope = torch.NewDisposeScope();
        var expected = Expected();
        using var read = PatchCoreFolder.Read(folder);

        Assert.Equal(recorded.GetProperty("backbone.name").GetString(), read.Backbone);
        Assert.Equal(recorded.GetProperty("input_shape").EnumerateArray().Select(e => e.GetInt32()), [3, read.InputHeight, read.InputWidth]);
        Assert.Equal(recorded.GetProperty("layers_to_extract_from").EnumerateArray().Select(e => e.GetString()), read.Options.Stages.Select(s => $"layer{s}"));
        Assert.Equal(recorded.GetProperty("pretrain_embed_dimension").GetInt32(), read.Options.StageWidth);
        Assert.Equal(recorded.GetProperty("target_embed_dimension").GetInt32(), read.Options.Width);
        Assert.Equal(recorded.GetProperty("patchsize").GetInt32(), read.Options.Neighbourhood);
        Assert.Equal(recorded.GetProperty("patchstride").GetInt32(), read.Options.Stride);
        Assert.Equal(recorded.GetProperty("anomaly_scorer_num_nn").GetInt32(), read.Options.Neighbours);
        // It holds the approximate coreset.
        Goldens.Close("memory", expected["embedding.train"].index_select(0, expected["coreset.approx.indices"]), read.Memory, Tolerance("embeddings"));
        var vectors = PatchEmbedding.Embed(Maps(expected, read.Options), read.Options).Vectors;
        Compare("approx", new(read.Options), read.Memory, expected, vectors, Tolerance("scores_and_maps"));
    }

    private static void Compare(
        string name, PatchCoreScorer scorer, Tensor memory, Dictionary<string, Tensor> expected, Tensor vectors, double tolerance)
    {
        var (scores, map) = (expected[$"patch_scores.{name}"], expected[$"map.{name}"]);
        var (distances, nearest) = scorer.Compare(vectors, memory);
        Goldens.Close($"patch_scores.{name}", scores, distances.view(scores.shape), tolerance);
        var clear = expected[$"nearest_gap.{name}"].gt(1e-4).view(-1);
        Assert.True(nearest.eq(expected[$"nearest.{name}"].view(-1)).logical_or(clear.logical_not()).all().item<bool>(), $"nearest.{name}");
        long batch = scores.shape[0];
        var image = scorer.Score(distances.view(batch, -1), nearest.view(batch, -1), vectors.view(batch, -1, vectors.shape[1]), memory);
        Goldens.Close($"image_scores.{name}", expected[$"image_scores.{name}"], image, tolerance);
        Goldens.Close($"map.{name}", map, scorer.Map(distances.view(scores.shape), (int)map.shape[1], (int)map.shape[2]), tolerance);
    }

    // By the name of their scores; "full" and what begins with it hold every vector.
    private static Dictionary<string, Tensor> Memories(Dictionary<string, Tensor> expected) => expected.Keys
        .Where(k => k.StartsWith("patch_scores.", StringComparison.Ordinal)).Select(k => k["patch_scores.".Length..])
        .ToDictionary(n => n, n => n.StartsWith("full", StringComparison.Ordinal) ? expected["embedding.train"]
            : expected["embedding.train"].index_select(0, expected[$"coreset.{n.Split("_nn")[0]}.indices"]));

    private static List<Tensor> Maps(Dictionary<string, Tensor> expected, PatchCoreOptions options) =>
        [.. options.Stages.Select(s => expected[$"layer{s}.test"])];

    internal static PatchCoreOptions Options()
    {
        var (settings, model) = (Settings(), Goldens.Manifest(Family).GetProperty("model"));
        return PatchCoreOptions.AsReleased with
        {
            Stages = [.. model.GetProperty("layers_used").EnumerateArray().Select(l => l.GetString()![^1] - '0')],
            Neighbourhood = settings.GetProperty("patchsize").GetInt32(),
            Stride = settings.GetProperty("patchstride").GetInt32(),
            StageWidth = settings.GetProperty("pretrain_embed_dimension").GetInt32(),
            Width = settings.GetProperty("target_embed_dimension").GetInt32(),
            CoresetFraction = settings.GetProperty("percentage").GetDouble(),
            StartingPoints = settings.GetProperty("number_of_starting_points").GetInt32(),
            ProjectedWidth = settings.GetProperty("dimension_to_project_features_to").GetInt32(),
            SmoothingSigma = settings.GetProperty("gaussian_sigma").GetDouble(),
        };
    }

    internal static PatchCoreOptions AnomalibOptions() => PatchCoreOptions.AsAnomalib with
    {
        Stages = Options().Stages, Neighbourhood = Options().Neighbourhood, SmoothingSigma = Options().SmoothingSigma,
        ScoreNeighbours = Settings().GetProperty("anomalib_num_neighbors").GetInt32(),
    };

    private static int[] Integers(Tensor x) => [.. x.reshape(-1).to_type(ScalarType.Int64).data<long>().ToArray().Select(i => (int)i)];

    private static Dictionary<string, Tensor> Expected() => Goldens.Tensors(Goldens.Family(Family), "expected.safetensors");

    private static JsonElement Settings() => Goldens.Manifest(Family).GetProperty("settings");

    private static double Tolerance(string name) => Goldens.Manifest(Family).GetProperty("tolerance").GetProperty(name).GetDouble();
}
