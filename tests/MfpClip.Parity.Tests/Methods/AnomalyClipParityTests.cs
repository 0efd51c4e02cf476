using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Modules.Scoring;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using MfpClip.Text;
using MfpClip.Training;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>AnomalyCLIP, composed by its preset and loaded from the authors' checkpoint layout, against the authors' code.</summary>
public class AnomalyClipParityTests
{
    [SkippableFact]
    public void Every_tensor_of_the_manifest_agrees()
    {
        using var scope = torch.NewDisposeScope();
        using var walk = new GoldenWalk("anomalyclip");
        var hyper = walk.Manifest.GetProperty("hyper_parameters");
        var options = Options(hyper);
        foreach (var (run, size) in walk.Runs)
        {
            using (var detector = Build(walk, size, options))
            {
                Forward(walk, run, size, detector, Taps(hyper, "features_list"), first: run == walk.Runs.First().Name);
                Train(walk, run, "train", detector);
            }

            using (var last = Build(walk, size, options with { Taps = Taps(hyper, "features_list_last") }))
            using (torch.no_grad())
            {
                var output = Run(walk, run, last, null);
                walk.Give($"{run}.last.anomaly_map_raw", output.RawMap);
                walk.Give($"{run}.last.anomaly_map", output.Map);
            }

            if (walk.Expected.ContainsKey($"{run}.train.nohalf.pixel_loss"))
            {
                using var exact = Build(walk, size, options with { RoundDeepPrompts = false });
                walk.Give("text_features_nohalf", Texts(exact));
                Train(walk, run, "train.nohalf", exact);
            }
        }

        walk.Compare(name => ToleranceOf(walk, name));
    }

    [SkippableFact]
    public void The_authors_checkpoint_becomes_safetensors_and_gives_the_same_maps()
    {
        using var scope = torch.NewDisposeScope();
        using var walk = new GoldenWalk("anomalyclip");
        var (run, size) = walk.Runs.First();
        string folder = Directory.CreateTempSubdirectory("mfpclip-anomalyclip").FullName;
        try
        {
            string renamed = Path.Combine(folder, "weights-from-a-colleague.bin");
            File.Copy(Path.Combine(walk.Folder, "prompt_learner.pth"), renamed);
            using var official = Build(walk, size, Options(walk.Manifest.GetProperty("hyper_parameters")), renamed);
            string converted = Path.Combine(folder, "converted.safetensors");
            official.SaveModules(converted);
            using var again = Build(walk, size, Options(walk.Manifest.GetProperty("hyper_parameters")), converted);
            using var guard = torch.no_grad();
            var (a, b) = (Run(walk, run, official, null), Run(walk, run, again, null));
            Assert.True(Same(a.Map, b.Map));
            Assert.True(Same(a.Score, b.Score));
            Assert.All(Parts(official).ImageToText.Weights.Zip(Parts(again).ImageToText.Weights), w => Assert.True(Same(w.First.Value, w.Second.Value)));
            using var untrained = Build(walk, size, Options(walk.Manifest.GetProperty("hyper_parameters")), weights: string.Empty);
            Assert.False(Same(a.Score, Run(walk, run, untrained, null).Score));

            // Another depth, other words, another CLIP: refused with what is wrong.
            var shallow = Assert.Throws<WeightsMismatchException>(
                () => Build(walk, size, Options(walk.Manifest.GetProperty("hyper_parameters")) with { DeepDepth = 2 }, renamed));
            Assert.NotEmpty(shallow.Unexpected);
            Assert.Throws<WeightsException>(
                () => Build(walk, size, Options(walk.Manifest.GetProperty("hyper_parameters")) with { AbnormalPrompt = "broken object." }, renamed));
            Assert.Throws<WeightsException>(
                () => new ZeroShotDetectorBuilder().UseRandomBackbone(Config(walk.Manifest.GetProperty("model"))).WithImageSize(size)
                .UseAnomalyClip(Options(walk.Manifest.GetProperty("hyper_parameters"))).WithModuleWeights(renamed).Build());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Forward(GoldenWalk walk, string run, int size, ZeroShotDetector detector, IReadOnlyList<int> layers, bool first)
    {
        using var guard = torch.no_grad();
        using var trace = new ForwardTrace(keepTensors: true);
        var parts = Parts(detector);
        var output = Run(walk, run, detector, trace);
        var t = Texts(detector);
        if (first)
        {
            var prompts = (ObjectAgnosticPrompt)parts.ImageToText;
            walk.Give("tokenized_prompts", prompts.Ids().to_type(ScalarType.Int32));
            walk.Give("text_features_raw", prompts.Embed(parts.Backbone.Text, ForwardContext.Default, walk.Give));
            walk.Give("text_features", t);
        }

        var vision = parts.Backbone.Vision;
        if (walk.Expected.ContainsKey($"{run}.visual_positional_embedding"))
        {
            walk.Give($"{run}.visual_positional_embedding", ((VisionTower)vision).Positions.For(size / vision.PatchSize, size / vision.PatchSize));
        }

        walk.Give($"{run}.original_path_last", trace.Tensors["original_path_last"]);
        walk.Give($"{run}.image_features", trace.Tensors["class_embedding_raw"]);
        for (int i = 0; i < layers.Count; i++)
        {
            // The class token is compared too, although the map passes it over: as one more column of a grid of one row.
            var tokens = trace.Tensors[$"E{i + 1}"];
            var z = parts.MultiPatch.Project(i + 1, tokens, 1, (int)tokens.shape[1], vision); // [B, C, 1, 1 + N]
            walk.Give($"{run}.tokens_layer{layers[i]}", tokens);
            walk.Give($"{run}.patch_features_layer{layers[i]}", z.squeeze(2).transpose(1, 2));
            walk.Give($"{run}.similarity_layer{layers[i]}", parts.Map.PatchLogits(z, t).softmax(1).squeeze(2).transpose(1, 2));
            walk.Give($"{run}.similarity_map_layer{layers[i]}", output.StageMaps[i].select(1, 1));
        }

        walk.Give($"{run}.anomaly_map_raw", output.RawMap);
        walk.Give($"{run}.anomaly_map", output.Map);
        walk.Give($"{run}.image_score", output.Score);
    }

    private static void Train(GoldenWalk walk, string run, string what, ZeroShotDetector detector)
    {
        var method = detector.GetTrainable();
        var batch = Batch(walk, run, detector);
        if (what == "train")
        {
            using var guard = torch.no_grad();
            var terms = Run(walk, run, detector, null).StageMaps.Select(m => AnomalyClipObjective.StageTerms(m, batch.Masks)).ToList();
            walk.Give($"{run}.train.focal_per_layer", torch.stack(terms.Select(t => t.Focal)));
            walk.Give($"{run}.train.dice_abnormal_per_layer", torch.stack(terms.Select(t => t.DiceAbnormal)));
            walk.Give($"{run}.train.dice_normal_per_layer", torch.stack(terms.Select(t => t.DiceNormal)));
        }

        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        var loss = method.Loss(batch, ForwardContext.Default);
        double image = loss.Terms.Single(t => t.Key == "cross entropy").Value;
        walk.Give($"{run}.{what}.image_loss", torch.tensor(new[] { image }));
        walk.Give($"{run}.{what}.pixel_loss", (loss.Total - image).view(1));
        loss.Total.backward();
        using var optimizer = new AdamOptimizer(method.Recipe, method.TrainedWeights);
        foreach (var (name, weight) in method.TrainedWeights)
        {
            walk.Give($"{run}.{what}.grad.{Inner(name)}", weight.grad!);
        }

        optimizer.Step(method.Recipe.LearningRate);
        foreach (var (name, weight) in method.TrainedWeights.Where(w => walk.Expected.ContainsKey($"{run}.{what}.after_step.{Inner(w.Key)}")))
        {
            walk.Give($"{run}.{what}.after_step.{Inner(name)}", weight);
        }
    }

    private static WalkTolerance ToleranceOf(GoldenWalk walk, string name)
    {
        var given = walk.Manifest.GetProperty("tolerance");
        if (name.Contains(".grad.", StringComparison.Ordinal))
        {
            var shares = GoldenWalk.Numbers(given.GetProperty("gradients").GetProperty("atol"));
            bool rounded = name.Contains("compound_prompts", StringComparison.Ordinal) && !name.Contains("nohalf", StringComparison.Ordinal);
            return new(given.GetProperty("gradients").GetProperty("rtol").GetDouble(), 0, rounded ? shares[1] : shares[0]);
        }

        if (name.Contains(".after_step.", StringComparison.Ordinal))
        {
            var numbers = GoldenWalk.Numbers(given.GetProperty("after_step"));
            return new(0, numbers[0], Where: walk.Expected[name.Replace(".after_step.", ".grad.", StringComparison.Ordinal)].abs() >= numbers[1]);
        }

        string last = name.Split('.')[^1];
        return name == "tokenized_prompts" ? new(0, 0)
            : name.Contains(".train.", StringComparison.Ordinal) ? WalkTolerance.Of(given.GetProperty("loss"))
            : last.StartsWith("similarity", StringComparison.Ordinal) || last.StartsWith("anomaly_map", StringComparison.Ordinal) || last == "image_score"
                ? WalkTolerance.Of(given.GetProperty("similarities_maps_scores"))
            : last.StartsWith("text_block", StringComparison.Ordinal) || last.StartsWith("tokens_layer", StringComparison.Ordinal)
                || last == "original_path_last" ? WalkTolerance.Of(given.GetProperty("hidden_states"))
            : WalkTolerance.Of(given.GetProperty("features"));
    }

    private static ZeroShotDetector Build(GoldenWalk walk, int size, AnomalyClipOptions options, string? weights = null)
    {
        var builder = new ZeroShotDetectorBuilder()
            .UseBackbone(Path.Combine(walk.Folder, "clip.safetensors"), new() { Config = Config(walk.Manifest.GetProperty("model")) })
            .WithImageSize(size).UseAnomalyClip(options);
        return (weights is "" ? builder : builder.WithModuleWeights(weights ?? Path.Combine(walk.Folder, "prompt_learner.pth"))).Build();
    }

    private static AnomalyClipOptions Options(JsonElement hyper)
    {
        var prompts = hyper.GetProperty("prompts").EnumerateArray().Select(p => p.GetString()!.Replace("X ", string.Empty, StringComparison.Ordinal)).ToList();
        return new()
        {
            NormalPrompt = prompts[0], AbnormalPrompt = prompts[1],
            ContextTokens = Int(hyper, "n_ctx"), DeepTokens = Int(hyper, "t_n_ctx"), DeepDepth = Int(hyper, "depth"),
            DualPathBlocks = Int(hyper, "DPAM_layer") - 1, Taps = Taps(hyper, "features_list"), Fusion = StageFusion.Sum,
            Temperature = hyper.GetProperty("temperature").GetDouble(), SmoothingSigma = hyper.GetProperty("gaussian_sigma").GetDouble(),
        };
    }

    private static ClipConfig Config(JsonElement m) => new()
    {
        EmbedDim = Int(m, "embed_dim"),
        Activation = m.GetProperty("activation").GetString() == "QuickGELU" ? MlpActivation.QuickGelu : MlpActivation.Gelu,
        LayerNormEps = m.GetProperty("layer_norm_eps").GetDouble(),
        Vision = new()
        {
            ImageSize = Int(m, "image_size"), PatchSize = Int(m, "patch"), Width = Int(m, "vision_width"), Layers = Int(m, "vision_layers"),
            Heads = Int(m, "vision_heads"),
        },
        Text = new()
        {
            ContextLength = Int(m, "context_length"), VocabSize = Int(m, "vocab_size"), Width = Int(m, "text_width"), Layers = Int(m, "text_layers"),
            Heads = Int(m, "text_heads"),
        },
    };

    private static PipelineOutput Run(GoldenWalk walk, string run, ZeroShotDetector detector, ForwardTrace? trace)
    {
        var parts = Parts(detector);
        using var states = StateSentenceEncoder.Encode(
            parts.Backbone.Text, "object", torch.tensor(new long[] { 0, 1 }, [1, 2]), torch.tensor(new long[] { 0, 1 }, [1, 2]), ForwardContext.Default);
        return new ModulePipeline(parts).Forward(walk.Inputs[$"images_{run}"], states, new() { Trace = trace }, stageMaps: true);
    }

    private static Tensor Texts(ZeroShotDetector detector)
    {
        using var guard = torch.no_grad();
        var parts = Parts(detector);
        return parts.ImageToText.EmbedStates(parts.Backbone.Text, null!, null, ForwardContext.Default); // no sentences are read: object-agnostic
    }

    private static TrainingBatch Batch(GoldenWalk walk, string run, ZeroShotDetector detector)
    {
        var masks = walk.Inputs[$"masks_{run}"];
        int count = (int)masks.shape[0];
        return new()
        {
            Images = ImageBatch.FromNormalized(walk.Inputs[$"images_{run}"], detector.Pass.GetService<IClipBackbone>()!.Normalization),
            ClassNames = [.. Enumerable.Repeat("object", count)], HasMask = [.. Enumerable.Repeat(true, count)],
            Labels = walk.Inputs[$"labels_{run}"].to_type(ScalarType.Float32), Masks = masks.squeeze(1).gt(0.5).to_type(ScalarType.Float32),
        };
    }

    private static PipelineParts Parts(ZeroShotDetector detector) => ((ModulePass)detector.Pass).Parts;

    private static bool Same(Tensor a, Tensor b) => a.eq(b).all().item<bool>();

    private static int[] Taps(JsonElement hyper, string name) => [.. hyper.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    private static string Inner(string name) => name["i2tp.".Length..];

    private static int Int(JsonElement e, string name) => e.GetProperty(name).GetInt32();
}
