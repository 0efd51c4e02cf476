using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Methods.AdaClip;
using MfpClip.Modules;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using MfpClip.Tensors;
using MfpClip.Text;
using MfpClip.Training;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>AdaCLIP, composed by its preset and loaded from the authors' checkpoint layout, against the authors' code.</summary>
public class AdaClipParityTests
{
    [SkippableFact]
    public void Every_tensor_of_the_manifest_agrees()
    {
        using var scope = torch.NewDisposeScope();
        using var walk = new GoldenWalk("adaclip");
        var options = Options(walk.Manifest);
        Tokens(walk, options);
        foreach (var (run, size) in walk.Runs)
        {
            using (var detector = Build(walk, size, options))
            {
                Forward(walk, run, size, detector, options);
                Train(walk, run, "train", detector);
            }

            using (var exact = Build(walk, size, options with { RoundPrompts = false }))
            {
                Inject(exact, walk, $"{run}.hsf_kmeans_labels", $"{run}.hsf_topk_indices");
                var outputs = Images(walk, run, exact);
                walk.Give($"{run}.nohalf.anomaly_map_raw", torch.cat([.. outputs.Select(o => o.RawMap)]));
                walk.Give($"{run}.nohalf.anomaly_score", torch.cat([.. outputs.Select(o => o.Score)]));
                if (walk.Expected.ContainsKey($"{run}.train.nohalf.loss"))
                {
                    Train(walk, run, "train.nohalf", exact);
                }
            }

            using var plain = Build(walk, size, options with { Fusion = SemanticFusion.Off });
            walk.Give($"{run}.no_hsf.anomaly_score", torch.cat([.. Images(walk, run, plain).Select(o => o.Score)]));
        }

        walk.Compare(name => ToleranceOf(walk, name));
    }

    [SkippableFact]
    public void With_its_own_clusters_the_score_lies_where_the_reference_does_from_seed_to_seed()
    {
        using var scope = torch.NewDisposeScope();
        using var walk = new GoldenWalk("adaclip");
        foreach (var (run, size) in walk.Runs)
        {
            var spread = walk.Manifest.GetProperty("kmeans_note").GetProperty(run).GetProperty("score_min_max_over_20_kmeans_seeds_per_image").EnumerateArray()
                .Select(p => (Low: p[0].GetDouble(), High: p[1].GetDouble())).ToList();
            for (long seed = 0; seed < 5; seed++)
            {
                using var detector = Build(walk, size, Options(walk.Manifest) with { Seed = seed });
                var scores = Images(walk, run, detector).Select(o => (double)o.Score.item<float>()).ToList();
                var again = Images(walk, run, detector).Select(o => (double)o.Score.item<float>()).ToList();
                Assert.Equal(scores, again);
                for (int i = 0; i < scores.Count; i++)
                {
                    double margin = (0.5 * (spread[i].High - spread[i].Low)) + 1e-3;
                    Assert.InRange(scores[i], spread[i].Low - margin, spread[i].High + margin);
                }
            }
        }
    }

    [SkippableFact]
    public void The_authors_checkpoint_becomes_safetensors_and_gives_the_same_maps()
    {
        using var scope = torch.NewDisposeScope();
        using var walk = new GoldenWalk("adaclip");
        var options = Options(walk.Manifest);
        var (run, size) = walk.Runs.First();
        string folder = Directory.CreateTempSubdirectory("mfpclip-adaclip").FullName;
        try
        {
            string renamed = Path.Combine(folder, "epoch4.bin");
            File.Copy(Path.Combine(walk.Folder, "adaclip.pth"), renamed);
            using var official = Build(walk, size, options, renamed);
            string converted = Path.Combine(folder, "converted.safetensors");
            official.SaveModules(converted);
            using var again = Build(walk, size, options, converted);
            var (a, b) = (Images(walk, run, official), Images(walk, run, again));
            Assert.True(a[0].Map.eq(b[0].Map).all().item<bool>());
            Assert.True(a[0].Score.eq(b[0].Score).all().item<bool>());
            Assert.All(
                ModuleCheckpoint.Collect(Parts(official).Checkpointed).Zip(ModuleCheckpoint.Collect(Parts(again).Checkpointed)),
                w => Assert.True(w.First.Key == w.Second.Key && w.First.Value.eq(w.Second.Value).all().item<bool>()));
            Assert.Equal(walk.Manifest.GetProperty("checkpoint_keys").EnumerateObject().Count(), ModuleCheckpoint.Collect(Parts(official).Checkpointed).Count);

            Assert.NotEmpty(Assert.Throws<WeightsMismatchException>(() => Build(walk, size, options with { PromptDepth = 2 }, renamed)).Unexpected);
            Assert.NotEmpty(Assert.Throws<WeightsMismatchException>(() => new ZeroShotDetectorBuilder()
                .UseBackbone(Path.Combine(walk.Folder, "clip.safetensors"), new() { Config = Config(walk.Manifest) }).WithImageSize(size)
                .UseAnomalyClip().WithModuleWeights(renamed).Build()).Missing);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Tokens(GoldenWalk walk, AdaClipOptions options)
    {
        var names = ClassNames(walk);
        for (int i = 0; i < names.Count; i++)
        {
            string suffix = i == 0 ? string.Empty : $"_cls{i + 1}";
            var (normal, abnormal) = options.Templates.Expand(names[i]);
            walk.Give($"tokens_normal{suffix}", Ids(normal));
            walk.Give($"tokens_abnormal{suffix}", Ids(abnormal));
        }

        static Tensor Ids(IReadOnlyList<string> sentences) =>
            torch.tensor(sentences.SelectMany(s => ClipTokenizer.Default.EncodePadded(s)).ToArray(), [sentences.Count, 77]).to_type(ScalarType.Int32);
    }

    private static void Forward(GoldenWalk walk, string run, int size, ZeroShotDetector detector, AdaClipOptions options)
    {
        using var guard = torch.no_grad();
        var parts = Parts(detector);
        var layers = options.Taps!;
        var vision = parts.Backbone.Vision;
        if (walk.Expected.ContainsKey($"{run}.visual_positional_embedding"))
        {
            walk.Give($"{run}.visual_positional_embedding", ((VisionTower)vision).Positions.For(size / vision.PatchSize, size / vision.PatchSize));
        }

        Inject(detector, walk, $"{run}.hsf_kmeans_labels", $"{run}.hsf_topk_indices");
        var traces = new List<ForwardTrace>();
        var made = new Dictionary<string, List<Tensor>>(StringComparer.Ordinal);
        var outputs = Images(walk, run, detector, traces);
        for (int i = 0; i < outputs.Count; i++)
        {
            var tensors = traces[i].Tensors;
            using var image = new ImageContext(parts.Backbone, null, walk.Inputs[$"images_{run}"].narrow(0, i, 1));
            Add("frozen_image_features", image.ClipEmbedding);
            Add("dynamic_visual_prompts", ((AdaClipVisionEncoder)parts.Vision).Dynamic(image)!);
            Add("dynamic_text_prompts", ((AdaClipTextPrompt)parts.ImageToText).Dynamic(image)!);
            Add("image_features", tensors["class_embedding_raw"]);
            Add("text_features", tensors["t"].transpose(1, 2));
            var Z = layers.Select((_, l) => tensors[$"Z{l + 1}"]).ToList();
            for (int l = 0; l < layers.Count; l++)
            {
                Add($"proj_patch_tokens_layer{layers[l]}", UnitVectors.Normalize(Z[l].flatten(2).transpose(1, 2)));
                Add($"logits_layer{layers[l]}", parts.Map.PatchLogits(Z[l], tensors["t"]).flatten(2).transpose(1, 2));
                Add($"logits_up_layer{layers[l]}", tensors[$"logits{l + 1}"]);
            }

            // The reference's clusters are given for the whole batch; here every image goes alone.
            int at = i;
            SetClusters(detector, walk, $"{run}.hsf_kmeans_labels", $"{run}.hsf_topk_indices", _ => at);
            ((SemanticFusionScorer)parts.Score).Score(
                new()
                {
                    ClassEmbedding = tensors["class_embedding"], RawClassEmbedding = tensors["class_embedding_raw"], Texts = tensors["t"], Map = tensors["M"],
                    Features = Z, PatchLogits = parts.Map.PatchLogits,
                },
                (name, value) => Add(name, name is "hsf_topk_indices" or "hsf_kmeans_labels" ? value.to_type(ScalarType.Int32) : value));
            Add("anomaly_map_raw", outputs[i].RawMap);
            Add("anomaly_map", outputs[i].Map);
            Add("anomaly_score", outputs[i].Score);
            traces[i].Dispose();
            var tokens = TokensUnderRecordedPrompts(walk, run, i, detector);
            for (int l = 0; l < layers.Count; l++)
            {
                Add($"patch_tokens_layer{layers[l]}", tokens[l]);
            }

            void Add(string name, Tensor value)
            {
                made.TryAdd(name, []);
                made[name].Add(value.alias().DetachFromDisposeScope());
            }
        }

        foreach (var (name, values) in made.Where(m => walk.Expected.ContainsKey($"{run}.{m.Key}")))
        {
            walk.Give($"{run}.{name}", torch.cat(values));
        }
    }

    // Prompts are rounded to float16, where a difference of 1e-7 in a dynamic prompt (compared on its own above) can become one of 5e-4, and
    // the tokens before their projection feel it (seen: up to 1.2e-5 beyond their tolerance; everything after them is compared end to end).
    // So the tokens alone are compared under the recorded dynamic prompts: linear layers of weight 0 with these as bias.
    private static List<Tensor> TokensUnderRecordedPrompts(GoldenWalk walk, string run, int image, ZeroShotDetector detector)
    {
        var parts = Parts(detector);
        var kept = parts.Vision.Weights.Select(w => (w.Value, Old: w.Value.clone())).ToList();
        foreach (var (name, weight) in parts.Vision.Weights.Where(w => w.Key.StartsWith("dynamic.", StringComparison.Ordinal)))
        {
            int j = int.Parse(name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
            _ = name.EndsWith("weight", StringComparison.Ordinal) ? weight.zero_() : weight.copy_(walk.Expected[$"{run}.dynamic_visual_prompts"][image][j]);
        }

        using var context = new ImageContext(parts.Backbone, null, walk.Inputs[$"images_{run}"].narrow(0, image, 1));
        var encoding = parts.Vision.Encode(new() { Tower = parts.Backbone.Vision, Image = context, Stages = parts.Stages, Self = parts.Self });
        kept.ForEach(k => k.Value.copy_(k.Old));
        return [.. encoding.Stages.Select(s => s.Tokens)];
    }

    private static void Train(GoldenWalk walk, string run, string what, ZeroShotDetector detector)
    {
        var method = detector.GetTrainable();
        var parts = Parts(detector);
        // The training forward has clusters of its own; its patches are those of image 0.
        SetClusters(detector, walk, $"{run}.{what}.kmeans_labels", $"{run}.hsf_topk_indices", _ => 0);
        var batch = new TrainingBatch
        {
            Images = ImageBatch.FromNormalized(walk.Inputs[$"images_{run}"].narrow(0, 0, 1), parts.Backbone.Normalization),
            ClassNames = [ClassNames(walk)[0]], HasMask = [true],
            Labels = torch.ones(1), Masks = walk.Inputs[$"mask_{run}"].squeeze(1).gt(0.5).to_type(ScalarType.Float32),
        };
        using (torch.no_grad())
        {
            var output = Run(walk, detector, walk.Inputs[$"images_{run}"].narrow(0, 0, 1), batch.ClassNames[0], null);
            walk.Give($"{run}.{what}.anomaly_score", output.ImageLogits!.softmax(-1));
            Labels(walk, run, what, detector, batch);
        }

        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        var loss = method.Loss(batch, ForwardContext.Default);
        double score = loss.Terms.Single(t => t.Key == "focal score").Value;
        walk.Give($"{run}.{what}.loss", loss.Total.view(1));
        walk.Give($"{run}.{what}.classification_loss", torch.tensor(new[] { score }));
        walk.Give($"{run}.{what}.seg_loss", (loss.Total - score).view(1));
        loss.Total.backward();
        var without = method.TrainedWeights.Where(w => w.Value.grad is null).Select(w => Official(w.Key)).ToList();
        Assert.Equal(walk.Manifest.GetProperty("runs").GetProperty(run).GetProperty("parameters_without_gradient").EnumerateArray()
            .Select(p => p.GetString()!), without);
        foreach (var (name, weight) in method.TrainedWeights.Where(w => walk.Expected.ContainsKey($"{run}.{what}.grad.{Official(w.Key)}")))
        {
            walk.Give($"{run}.{what}.grad.{Official(name)}", weight.grad!);
        }

        using var optimizer = new AdamOptimizer(method.Recipe, method.TrainedWeights);
        optimizer.Step(method.Recipe.LearningRate);
        foreach (var (name, weight) in method.TrainedWeights.Where(w => walk.Expected.ContainsKey($"{run}.{what}.after_step.{Official(w.Key)}")))
        {
            walk.Give($"{run}.{what}.after_step.{Official(name)}", weight);
        }

        Assert.Equal(parts.Checkpointed.SelectMany(p => p.Value.Weights).Count(), method.TrainedWeights.Count);
    }

    // What the scorer clustered in the training forward, under the reference's labels: that the labels arrive where they belong.
    private static void Labels(GoldenWalk walk, string run, string what, ZeroShotDetector detector, TrainingBatch batch)
    {
        var parts = Parts(detector);
        using var trace = new ForwardTrace(keepTensors: true);
        Run(walk, detector, walk.Inputs[$"images_{run}"].narrow(0, 0, 1), batch.ClassNames[0], trace);
        var t = trace.Tensors;
        ((SemanticFusionScorer)parts.Score).Score(
            new()
            {
                ClassEmbedding = t["class_embedding"], RawClassEmbedding = t["class_embedding_raw"], Texts = t["t"], Map = t["M"],
                Features = [.. parts.Stages.Taps.Select((_, l) => t[$"Z{l + 1}"])], PatchLogits = parts.Map.PatchLogits,
            },
            (name, value) =>
            {
                if (name == "hsf_kmeans_labels")
                {
                    walk.Give($"{run}.{what}.kmeans_labels", value.to_type(ScalarType.Int32));
                }
            });
    }

    private static WalkTolerance ToleranceOf(GoldenWalk walk, string name)
    {
        var given = walk.Manifest.GetProperty("tolerance");
        if (name.Contains(".grad.", StringComparison.Ordinal))
        {
            var shares = GoldenWalk.Numbers(given.GetProperty("gradients").GetProperty("atol"));
            return new(given.GetProperty("gradients").GetProperty("rtol")
                .GetDouble(), 0, name.Contains("nohalf", StringComparison.Ordinal) ? shares[0] : shares[1]);
        }

        if (name.Contains(".after_step.", StringComparison.Ordinal))
        {
            var numbers = GoldenWalk.Numbers(given.GetProperty("after_step"));
            return new(0, numbers[0], Where: walk.Expected[name.Replace(".after_step.", ".grad.", StringComparison.Ordinal)].abs() >= numbers[1]);
        }

        string last = name.Split('.')[^1];
        return walk.Expected[name].dtype == ScalarType.Int32 ? new(0, 0)
            : last == "anomaly_score" ? new(0, GoldenWalk.Numbers(given.GetProperty("score"))[0])
            : name.Contains(".train.", StringComparison.Ordinal) ? WalkTolerance.Of(given.GetProperty("loss"))
            : last.StartsWith("logits", StringComparison.Ordinal) ? WalkTolerance.Of(given.GetProperty("logits"))
            : last.StartsWith("anomaly_map", StringComparison.Ordinal) || last == "hsf_abnormal_prob" ? WalkTolerance.Of(given.GetProperty("maps"))
            : WalkTolerance.Of(given.GetProperty("features"));
    }

    private static ZeroShotDetector Build(GoldenWalk walk, int size, AdaClipOptions options, string? weights = null) => new ZeroShotDetectorBuilder()
        .UseBackbone(Path.Combine(walk.Folder, "clip.safetensors"), new() { Config = Config(walk.Manifest) }).WithImageSize(size).UseAdaClip(options)
        .WithModuleWeights(weights ?? Path.Combine(walk.Folder, "adaclip.pth")).Build();

    private static AdaClipOptions Options(JsonElement manifest)
    {
        var hyper = manifest.GetProperty("hyper_parameters");
        List<string> Words(string name, string placeholder) =>
            [.. manifest.GetProperty(name).EnumerateArray().Select(v => v.GetString()!.Replace("{}", placeholder, StringComparison.Ordinal))];
        return new()
        {
            PromptLength = Int(hyper, "prompting_length"), PromptDepth = Int(hyper, "prompting_depth"), Clusters = Int(hyper, "k_clusters"),
            FusionWeight = hyper.GetProperty("hsf_alpha").GetDouble(), Tau = hyper.GetProperty("logit_multiplier").GetDouble(),
            SmoothingSigma = hyper.GetProperty("gaussian_sigma").GetDouble(),
            Taps = [.. hyper.GetProperty("features_list").EnumerateArray().Select(v => v.GetInt32())],
            Templates = new()
            {
                HyphensAsSpaces = true, Templates = Words("prompt_templates", "[state]"), NormalStates = Words("normal_states", "[object]"),
                AbnormalStates = Words("abnormal_states", "[object]"),
            },
        };
    }

    // The weights are OpenAI's kind, QuickGELU; the preset runs them with exact GELU as the reference does.
    private static ClipConfig Config(JsonElement manifest)
    {
        var m = manifest.GetProperty("model");
        var (c, v, t) = (m.GetProperty("config"), m.GetProperty("config").GetProperty("vision_cfg"), m.GetProperty("config").GetProperty("text_cfg"));
        return new()
        {
            EmbedDim = Int(c, "embed_dim"), Activation = MlpActivation.QuickGelu, LayerNormEps = m.GetProperty("layer_norm_eps").GetDouble(),
            Vision = new()
            {
                ImageSize = Int(v, "image_size"), PatchSize = Int(v, "patch_size"), Width = Int(v, "width"), Layers = Int(v, "layers"),
                Heads = Int(m, "vision_heads"),
            },
            Text = new()
            {
                ContextLength = Int(t, "context_length"), VocabSize = Int(t, "vocab_size"), Width = Int(t, "width"), Layers = Int(t, "layers"),
                Heads = Int(m, "text_heads"),
            },
        };
    }

    private static List<PipelineOutput> Images(GoldenWalk walk, string run, ZeroShotDetector detector, List<ForwardTrace>? traces = null)
    {
        using var guard = torch.no_grad();
        var names = ClassNames(walk);
        var outputs = new List<PipelineOutput>();
        for (int i = 0; i < names.Count; i++)
        {
            var trace = traces is null ? null : new ForwardTrace(keepTensors: true);
            if (((SemanticFusionScorer)Parts(detector).Score).Clustering is not null)
            {
                int at = i;
                SetClusters(detector, walk, $"{run}.hsf_kmeans_labels", $"{run}.hsf_topk_indices", _ => at);
            }

            outputs.Add(Run(walk, detector, walk.Inputs[$"images_{run}"].narrow(0, i, 1), names[i], trace));
            traces?.Add(trace!);
        }

        return outputs;
    }

    private static PipelineOutput Run(GoldenWalk walk, ZeroShotDetector detector, Tensor images, string className, ForwardTrace? trace)
    {
        var parts = Parts(detector);
        var pipeline = new ModulePipeline(parts);
        using var texts = new TextCache(ClipTokenizer.Default, Options(walk.Manifest).Templates, parts, pipeline);
        return texts.With(className, ForwardContext.Default, (states, t) => pipeline.Forward(images, states, new() { Trace = trace }, t));
    }

    private static void Inject(ZeroShotDetector detector, GoldenWalk walk, string labels, string patches) =>
        SetClusters(detector, walk, labels, patches, image => image);

    // The reference's labels belong to its own order of patches: they are matched by patch, not by rank.
    private static void SetClusters(ZeroShotDetector detector, GoldenWalk walk, string labels, string patches, Func<int, int> row)
    {
        ((SemanticFusionScorer)Parts(detector).Score).Clustering = (image, chosen, _, _) =>
        {
            var known = walk.Expected[patches][row(image)].data<int>().ToArray();
            var given = walk.Expected[labels][row(image)].data<int>().ToArray();
            return [.. chosen.Select(p => given[Array.IndexOf(known, (int)p)])];
        };
    }

    private static string Official(string name)
    {
        string[] parts = name.Split('.', 2);
        return (parts[0], parts[1]) switch
        {
            ("mpfa", var rest) => PatchLayer(rest[6..rest.IndexOf('.', StringComparison.Ordinal)], rest[rest.IndexOf('.', StringComparison.Ordinal)..]),
            ("score", var rest) => $"cls_token_layer.head.0{rest[4..]}",
            (var slot, var rest) when rest.StartsWith("dynamic.", StringComparison.Ordinal) =>
                $"dynamic_{(slot == "vision" ? "visual" : "text")}_prompt_generator.head{rest[7..]}",
            (var slot, var rest) => $"{(slot == "vision" ? "visual" : "text")}_prompter.{rest}",
        };
    }

    private static List<string> ClassNames(GoldenWalk walk) =>
        [.. walk.Manifest.GetProperty("hyper_parameters").GetProperty("class_names").EnumerateArray().Select(n => n.GetString()!)];

    private static PipelineParts Parts(ZeroShotDetector detector) => ((ModulePass)detector.Pass).Parts;

    private static int Int(JsonElement e, string name) => e.GetProperty(name).GetInt32();

    // Their layers count from 0.
    private static string PatchLayer(string number, string rest) =>
        $"patch_token_layer.head.{int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) - 1}{rest}";
}
