using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Dino;
using MfpClip.Fuzz.Mutation;
using MfpClip.Methods.PatchCore;
using MfpClip.Weights;
using TorchSharp;

namespace MfpClip.Fuzz.Targets;

/// <summary>Containers of weights, and the models in them.</summary>
internal static class WeightTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new() { Name = "safetensors", Changes = [SafetensorsMutation.Any], Prepare = AllTargets.OfFile("x.safetensors", ReadAll) },
        new() { Name = "torch-zip", Changes = [ArchiveMutation.Zip], Cost = 10, Prepare = AllTargets.OfFile("x.pt", ReadAll) },
        new() { Name = "torch-legacy", Changes = [ArchiveMutation.Pickle], Prepare = AllTargets.OfFile("x.pth", ReadAll) },
        new()
        {
            Name = "faiss",
            Prepare = AllTargets.OfFile("x.faiss", path =>
            {
                using var scope = torch.NewDisposeScope();
                FaissIndexFile.Read(path);
            }),
        },
        new()
        {
            Name = "patchcore", Changes = [ArchiveMutation.Pickle],
            Prepare = folder =>
            {
                File.Copy(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", "faiss")).Order(StringComparer.Ordinal).First(),
                    Path.Combine(folder, "nnscorer_search_index.faiss"), overwrite: true);
                return AllTargets.OfFile("patchcore_params.pkl", _ => PatchCoreFolder.Read(folder).Memory.Dispose())(folder);
            },
        },
        new()
        {
            Name = "backbone", Changes = [SafetensorsMutation.Any], Cost = 20,
            Prepare = folder =>
            {
                File.WriteAllText(Path.Combine(folder, "config.json"), BackboneConfig); // the heads of so small a model
                return AllTargets.OfFile(
                    "model.safetensors", path => BackboneFile.Load(path, new ClipBackboneOptions(), new DinoBackboneOptions()).Dispose())(folder);
            },
        },
    ];

    private const string BackboneConfig = """
        {
          "projection_dim": 4,
          "vision_config": {
            "hidden_size": 8, "image_size": 4, "patch_size": 2, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
            "hidden_act": "quick_gelu"
          },
          "text_config": {
            "hidden_size": 4, "vocab_size": 6, "max_position_embeddings": 5, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 16,
            "hidden_act": "quick_gelu"
          }
        }
        """;

    private static void ReadAll(string path)
    {
        using var scope = torch.NewDisposeScope();
        using var file = WeightFile.Open(path);
        foreach (string name in file.Tensors.Keys.Take(64))
        {
            file.Read(name);
        }
    }
}
